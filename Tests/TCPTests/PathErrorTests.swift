import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// ICMP errors: RFC 1122, section 4.2.3.9; RFC 5927; RFC 1191; RFC 8899.
@Suite struct PathErrorTests {
  static func report(_ error: PathError, at sequence: UInt32, to script: Script) {
    script.host.endpoint.receive(
      error, about: script.flow, sequence: SequenceNumber(sequence), pool: &script.host.pool)
  }

  static func connecting(_ script: inout Script) throws -> (handle: Handle, sequence: UInt32) {
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    let syn = try #require(script.host.output().first)
    script.flow = Flow(
      localAddress: Script.here, remoteAddress: Script.peer, localPort: syn.flow.remotePort,
      remotePort: 80)
    return (handle, syn.sequence)
  }

  @Test func aHardErrorEndsAConnectionAttempt() throws {
    var script = Script()
    let (handle, sequence) = try Self.connecting(&script)
    Self.report(.refused, at: sequence &+ 1, to: script)
    #expect(script.host.events().isEmpty)
    Self.report(.refused, at: sequence, to: script)
    #expect(script.host.events() == [.connected(handle, 5, .refused)])
    let isClean = script.host.isClean
    #expect(isClean)
  }

  @Test func aSoftErrorDoesNot() throws {
    var script = Script()
    let (_, sequence) = try Self.connecting(&script)
    Self.report(.unreachable, at: sequence, to: script)
    #expect(script.host.events().isEmpty)
    #expect(script.host.endpoint.openConnectionCount == 1)
    #expect(script.host.endpoint.counters.pathErrors == 1)
  }

  /// RFC 5927, section 5.2: nothing that ICMP says ends an established connection.
  @Test func anEstablishedConnectionSurvivesEveryError() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([1, 2, 3]) == .taken(3))
    _ = script.host.output()
    Self.report(.refused, at: script.initial &+ 1, to: script)
    Self.report(.unreachable, at: script.initial &+ 1, to: script)
    #expect(script.host.endpoint.counters.pathErrors == 2)
    #expect(script.inject(.ack, ack: script.initial &+ 4).isEmpty)
    #expect(script.host.events() == [.sent(script.handle, 99, byteCount: 3, window: 10_000)])
  }

  @Test func aSmallerPathMTUIsObeyedAtOnce() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 2000)) == .taken(2000))
    #expect(script.host.output().map(\.payload.count) == [1000, 1000])
    Self.report(.tooLong(byteCount: 1040, limit: 640), at: script.initial &+ 1, to: script)
    let again = script.host.output()
    #expect(again.map(\.payload.count) == [600, 400, 600, 400])
    #expect(again.first?.sequence == script.initial &+ 1)
    #expect(script.host.endpoint.counters.pathReductions == 1)
    // The same again changes nothing.
    Self.report(.tooLong(byteCount: 1040, limit: 640), at: script.initial &+ 1, to: script)
    #expect(script.host.output().isEmpty)
  }

  /// MTU 0, 68, below the floor, above the packet; sequence numbers not in flight.
  @Test(
    arguments: [
      (1040, 0, 0), (1040, 68, 0), (1040, 551, 0), (1040, 1040, 0), (1040, 9000, 0),
      (1040, 600, 2000), (1040, 600, 0xFFFF_FFFF), (1040, 600, 0x8000_0000),
    ] as [(UInt16, UInt16, UInt32)])
  func aForgedPathMTUIsIgnored(byteCount: UInt16, limit: UInt16, offset: UInt32) throws {
    var script = Script()
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 2000)) == .taken(2000))
    _ = script.host.output()
    Self.report(
      .tooLong(byteCount: byteCount, limit: limit), at: script.initial &+ 1 &+ offset, to: script)
    #expect(script.host.output().isEmpty)
    let counters = script.host.endpoint.counters
    #expect(counters.droppedPathLimits + counters.droppedPathErrors == 1)
    #expect(script.host.endpoint.connections[script.handle.index].send.maximumSegment == 1000)
  }

  /// Long segments vanish without an ICMP error, short ones arrive.
  @Test func aBlackHoleIsFoundBySilence() throws {
    var script = Script()
    try script.establish(options: Script.synOptions(1460))
    #expect(script.send([UInt8](repeating: 1, count: 1460)) == .taken(1460))
    _ = script.host.output()
    var longest = 1460
    for _ in 0..<200 where longest > 512 {
      script.host.advance(by: .milliseconds(100))
      longest = script.host.output().map(\.payload.count).max() ?? longest
    }
    #expect(longest == 512)
    #expect(script.host.endpoint.counters.pathReductions == 2)
  }
}
