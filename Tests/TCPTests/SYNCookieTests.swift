import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// RFC 4987, section 3.6: what happens when half-open connections have no room.
@Suite struct SYNCookieTests {
  /// A host whose backlog is full, and a stranger's connection attempt to come.
  static func crowded(_ change: (inout Configuration) -> Void = { _ in }) -> Script {
    var configuration = Configuration()
    configuration.connectionCount = 16
    configuration.backlog = 2
    change(&configuration)
    var script = Script(configuration)
    _ = script.host.endpoint.listen(port: Script.port)
    for port in 1...2 as ClosedRange<UInt16> {
      script.flow.remotePort = port
      script.inject(.syn, options: Script.synOptions())
    }
    script.flow.remotePort = Script.peerPort
    return script
  }

  static func fullOptions(scale: UInt8 = 3) -> TCPOptions {
    var options = Script.synOptions(1400, scale: scale)
    options.isSACKPermitted = true
    options.hasTimestamps = true
    options.timestampValue = 70_000
    return options
  }

  @Test func aConnectionIsMadeOfItsCookie() throws {
    var script = Self.crowded()
    let before = script.host.endpoint.openConnectionCount
    let reply = try #require(script.inject(.syn, options: Self.fullOptions()).first)
    #expect(reply.flags == .syn | .ack)
    #expect(reply.acknowledgment == 1001)
    #expect(reply.options.windowScale == 7)
    #expect(reply.options.isSACKPermitted)
    #expect(reply.options.timestampEcho == 70_000)
    #expect(script.host.endpoint.openConnectionCount == before)

    var options = TCPOptions()
    options.hasTimestamps = true
    options.timestampValue = 70_001
    options.timestampEcho = reply.options.timestampValue
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    // The data that came with the ACK is taken, too.
    let silence = script.inject(.ack | .psh, [1, 2, 3], options: options)
    #expect(silence.map(\.acknowledgment) == [script.next &+ 3])
    #expect(script.host.endpoint.counters.acceptedCookies == 1)
    guard case .knock(let handle, script.flow) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
    #expect(script.host.endpoint.accept(handle, cookie: 1) == .ok)
    #expect(script.readAll() == [1, 2, 3])
    let connection = script.host.endpoint.connections[handle.index]
    #expect(connection.send.windowShift == 3)
    #expect(connection.send.maximumSegment == 1300 - 12)
    #expect(connection.flags.contains(.sackPermitted | .timestamps | .windowScaling))
  }

  @Test func withoutTimestampsOnlyTheMSSIsKept() throws {
    var script = Self.crowded()
    let reply = try #require(
      script.inject(.syn, options: Script.synOptions(600, scale: 3)).first)
    #expect(reply.options.windowScale == nil && !reply.options.isSACKPermitted)
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    #expect(script.inject(.ack).isEmpty)
    guard case .knock(let handle, _) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
    let connection = script.host.endpoint.connections[handle.index]
    #expect(connection.send.maximumSegment == 536)
    #expect(!connection.flags.intersects(.sackPermitted | .timestamps | .windowScaling))
  }

  /// Guesses, other flows' cookies, cookies for another sequence number, and old ones.
  @Test func otherNumbersAreNoCookies() throws {
    var script = Self.crowded()
    let reply = try #require(script.inject(.syn).first)
    script.next &+= 1
    for difference in [0, 2, 1 << 24, 1 << 29, 0x8000_0000] as [UInt32] {
      #expect(script.inject(.ack, ack: reply.sequence &+ difference).map(\.flags) == [.rst])
    }
    #expect(script.inject(.ack, sequence: 1002, ack: reply.sequence &+ 1).map(\.flags) == [.rst])
    script.flow.remotePort &+= 1
    #expect(script.inject(.ack, ack: reply.sequence &+ 1).map(\.flags) == [.rst])
    script.flow.remotePort &-= 1
    #expect(script.host.endpoint.counters.droppedBadCookie == 7)
    script.host.advance(by: .seconds(200))
    _ = script.host.output()
    #expect(script.inject(.ack, ack: reply.sequence &+ 1).map(\.flags) == [.rst])
    #expect(script.host.endpoint.counters.acceptedCookies == 0)
  }

  /// No work and no guesses where no cookie can have been sent.
  @Test func cookiesAreLookedForOnlyWhileThereAreSome() {
    let script = Script()
    _ = script.host.endpoint.listen(port: Script.port)
    #expect(script.inject(.ack, ack: 5).map(\.flags) == [.rst])
    #expect(script.host.endpoint.counters.droppedBadCookie == 0)
  }

  @Test func cookiesLastForOneToTwoPeriods() {
    let secrets = InitialSequenceNumber(secret: (3, 4))
    let flow = Script().flow
    let cookie = SYNCookie(secrets: secrets, flow: flow, initial: SequenceNumber(9))
    for (announced, kept) in [
      (0, 216), (536, 536), (1023, 536), (1400, 1300), (1459, 1440), (1460, 1460),
      (9000, 8960), (65_535, 8960),
    ] as [(UInt16, UInt16)] {
      let start = Instant(nanoseconds: 64_000_000_000 * 1000)
      let sequence = cookie.sequence(maximumSegment: announced, now: start)
      #expect(cookie.maximumSegment(in: sequence, now: start) == kept)
      #expect(cookie.maximumSegment(in: sequence, now: start + .seconds(127)) == kept)
      #expect(cookie.maximumSegment(in: sequence, now: start + .seconds(128)) == nil)
      // The five bits of the clock come round, the proof does not.
      #expect(cookie.maximumSegment(in: sequence, now: start + .seconds(64 * 32)) == nil)
    }
  }

  @Test(arguments: 0...15 as ClosedRange<UInt8>)
  func aTimestampKeepsScaleAndSACKAndIsNeverInTheFuture(scale: UInt8) {
    for clock in [0, 1, 31, 32, 1000, .max] as [UInt32] {
      var options = TCPOptions()
      options.windowScale = scale == 15 ? nil : scale
      options.isSACKPermitted = clock & 1 == 0
      let value = CookieTimestamp.value(options, clock: clock)
      #expect(clock &- value < 64)
      var again = TCPOptions()
      _ = CookieTimestamp.read(value, into: &again)
      #expect(again.windowScale == options.windowScale)
      #expect(again.isSACKPermitted == options.isSACKPermitted)
    }
  }

  @Test func onePeerFillsItsShareOfTheBacklogOnly() {
    var configuration = Configuration()
    configuration.backlogPerSource = 4
    var script = Script(configuration)
    _ = script.host.endpoint.listen(port: Script.port)
    for port in 1...20 as ClosedRange<UInt16> {
      script.flow.remotePort = port
      script.inject(.syn)
    }
    #expect(script.host.endpoint.openConnectionCount == 4)
    #expect(script.host.endpoint.counters.sentCookies == 16)
    // Another peer is remembered; the share is free again once the first four have ended.
    script.flow.remoteAddress = IPv4Address(10, 0, 3, 1)
    script.inject(.syn)
    #expect(script.host.endpoint.openConnectionCount == 5)
    for _ in 0..<40 {
      script.host.advance(by: .seconds(1))
      _ = script.host.output()
    }
    #expect(script.host.endpoint.openConnectionCount == 0)
    #expect(script.host.endpoint.halfOpen.total == 0)
    let isClean = script.host.isClean
    #expect(isClean)
  }

  @Test func whoDoesNotAcceptGetsNoMoreConnections() throws {
    var script = Self.crowded { $0.knockLimit = 1 }
    let reply = try #require(script.inject(.syn).first)
    script.next &+= 1
    script.inject(.ack, ack: reply.sequence &+ 1)
    guard case .knock(let handle, _) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
    script.flow.remotePort = 9
    #expect(script.inject(.syn, sequence: 1).isEmpty)
    #expect(script.host.endpoint.counters.droppedKnocksFull == 1)
    _ = script.host.endpoint.accept(handle, cookie: 1)
    #expect(script.inject(.syn, sequence: 1).map(\.flags) == [.syn | .ack])
  }

  @Test func withoutCookiesSYNsAreDropped() {
    let script = Self.crowded { $0.usesCookies = false }
    #expect(script.inject(.syn).isEmpty)
    #expect(script.host.endpoint.counters.droppedBacklogFull == 1)
  }

  /// All slots taken: the cookie is good, but there is nothing to make of it; the peer's data will
  /// ask again.
  @Test func aCookieWithoutASlotWaitsForOne() throws {
    var script = Self.crowded { $0.connectionCount = 2 }
    let reply = try #require(script.inject(.syn).first)
    script.next &+= 1
    script.host.receive(script.segment(.ack, ack: reply.sequence &+ 1))
    #expect(script.host.endpoint.counters.droppedNoConnectionSlot == 1)
    for _ in 0..<40 {
      script.host.advance(by: .seconds(1))
      _ = script.host.output()
    }
    script.inject(.ack | .psh, [5], ack: reply.sequence &+ 1)
    #expect(script.host.endpoint.counters.acceptedCookies == 1)
  }
}
