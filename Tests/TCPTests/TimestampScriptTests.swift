import Packets
import Testing
import Wire

@testable import TCP

@Suite struct TimestampScriptTests {
  static func stamped(_ value: UInt32, echo: UInt32 = 0) -> TCPOptions {
    var options = TCPOptions()
    options.hasTimestamps = true
    options.timestampValue = value
    options.timestampEcho = echo
    return options
  }

  /// RFC 7323, sections 3.2 and 5.3: echoed, required on every segment, and old ones dropped.
  @Test func oldDuplicatesAreDroppedByTheirTimestamp() throws {
    var script = Script()
    _ = script.host.endpoint.listen(port: Script.port)
    let reply = try #require(script.inject(.syn, options: Self.stamped(100)).first)
    #expect(reply.options.hasTimestamps && reply.options.timestampEcho == 100)
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    #expect(script.inject(.ack, options: Self.stamped(101)).isEmpty)
    let answer = try #require(script.inject(.ack, [1], options: Self.stamped(102)).first)
    #expect(answer.options.timestampEcho == 102)
    script.next &+= 1
    script.inject(.ack, [2], options: Self.stamped(50))
    script.inject(.ack, [2])
    #expect(script.host.endpoint.counters.droppedOldTimestamp == 2)
    let taken = try #require(script.inject(.ack, [2], options: Self.stamped(102)).first)
    #expect(taken.acknowledgment == script.next &+ 1)
    // RFC 7323, section 5.2: RST is not subject to PAWS.
    script.next &+= 1
    script.inject(.rst, options: Self.stamped(1))
    #expect(script.host.endpoint.openConnectionCount == 0)
  }

  /// RFC 7323, section 4.1: an echo of what was never sent says nothing about the round trip.
  @Test(arguments: [1, 1_000, 86_400_000, 0x7FFF_FFFF, 0x8000_0000, .max] as [UInt32])
  func anEchoOfATimestampFromTheFutureChangesNothing(distance: UInt32) throws {
    var timeouts: [Interval] = []
    for lie in [0, distance] {
      var script = Script()
      _ = script.host.endpoint.listen(port: Script.port)
      let reply = try #require(script.inject(.syn, options: Self.stamped(100)).first)
      var sent = reply.options.timestampValue
      script.next &+= 1
      script.acknowledged = reply.sequence &+ 1
      script.host.advance(by: .milliseconds(3))
      script.inject(.ack, options: Self.stamped(103, echo: sent &+ lie))
      for case .knock(let handle, _) in script.host.events() {
        script.handle = handle
        _ = script.host.endpoint.accept(handle, cookie: 1)
      }
      for round in 1...5 as ClosedRange<UInt32> {
        #expect(script.send([1]) == .taken(1))
        sent = try #require(script.host.output().first).options.timestampValue
        script.host.advance(by: .milliseconds(3))
        script.acknowledged &+= 1
        script.inject(.ack, options: Self.stamped(103 + 3 * round, echo: sent &+ lie))
      }
      let connection = script.host.endpoint.connections[script.handle.index]
      timeouts.append(connection.retransmission.timeout(within: TimeoutBounds()))
      #expect(connection.send.unacknowledged == connection.send.next)
    }
    #expect(timeouts[0] == timeouts[1])
  }

  /// RFC 3042: the first two duplicates each let a new segment out.
  @Test func duplicatesLetNewDataOut() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 12_000)) == .taken(12_000))
    #expect(script.host.output().count == 10)
    #expect(script.inject(.ack).map(\.sequence) == [script.initial &+ 10_001])
    #expect(script.inject(.ack).map(\.sequence) == [script.initial &+ 11_001])
    #expect(script.inject(.ack).map(\.sequence) == [script.initial &+ 1])
  }

  /// A SYN-ACK that the peer sends again echoes the first SYN: no measurement of the second.
  @Test(arguments: [true, false]) func onlyTheLatestSYNIsMeasured(echoesLatest: Bool) throws {
    var script = Script()
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: Script.peerPort,
      cookie: 1, now: script.host.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    let first = try #require(script.host.output().first)
    script.host.advance(by: .milliseconds(1_001))
    let second = try #require(script.host.output().first)
    #expect(first.options.timestampValue != second.options.timestampValue)
    script.host.advance(by: .milliseconds(3))
    script.flow.localPort = first.flow.remotePort
    var options = Script.synOptions()
    options.hasTimestamps = true
    options.timestampEcho = (echoesLatest ? second : first).options.timestampValue
    script.inject(.syn | .ack, ack: first.sequence &+ 1, options: options)
    let timer = script.host.endpoint.connections[handle.index].retransmission
    #expect(timer.smoothedRoundTrip == (echoesLatest ? 3_000 : 0))
  }
}
