import IXABI
import Packets
import Testing
import Wire

@testable import TCP

@Suite struct ConnectionScriptTests {
  /// RFC 9293, figure 6, and an exchange of data.
  @Test func aPassiveOpenReceivesAndAnswersInOneSegment() throws {
    var script = Script()
    try script.establish()
    script.host.receive(script.segment(.ack | .psh, [1, 2, 3]))
    #expect(script.readAll() == [1, 2, 3])
    #expect(script.send([4, 5]) == .taken(2))
    let reply = script.host.output()
    #expect(reply.count == 1)
    #expect(reply.first?.flags == .ack | .psh)
    #expect(reply.first?.payload == [4, 5])
    #expect(reply.first?.acknowledgment == script.next &+ 3)
    #expect(reply.first?.sequence == script.initial &+ 1)
    script.next &+= 3
    script.acknowledged &+= 2
    #expect(script.inject(.ack).isEmpty)
    #expect(script.host.events() == [.sent(script.handle, 99, byteCount: 2, window: 10_000)])
  }

  /// RFC 9293, figure 12: normal close, the peer first.
  @Test func thePeersFINIsReportedAndCloseEndsTheConnection() throws {
    var script = Script()
    try script.establish()
    let reply = script.inject(.fin | .ack, [9])
    #expect(reply.map(\.flags) == [.ack])
    #expect(reply.first?.acknowledgment == script.next &+ 2)
    script.next &+= 2
    let events = script.host.events()
    #expect(events.count == 2)
    #expect(events.last == .peerClosed(script.handle, 99))
    guard case .received(_, _, let buffer, _, 1) = try #require(events.first) else {
      Issue.record("data before the FIN")
      return
    }
    _ = script.host.endpoint.receiveDone(
      script.handle, buffer: buffer, byteCount: 1, pool: &script.host.pool)
    let status = script.host.endpoint.close(
      script.handle, now: script.host.now, pool: &script.host.pool)
    #expect(status == .ok)
    #expect(script.host.output().map(\.flags) == [.fin | .ack])
    script.acknowledged &+= 1
    #expect(script.inject(.ack).isEmpty)
    #expect(script.host.events().isEmpty)
    let isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 9293, figure 12, our side first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT.
  @Test func ourFINFirstEndsInTimeWait() throws {
    var script = Script()
    try script.establish()
    #expect(script.host.endpoint.shutdown(script.handle) == .ok)
    #expect(script.host.output().map(\.flags) == [.fin | .ack])
    script.acknowledged &+= 1
    #expect(script.inject(.ack).isEmpty)
    #expect(script.inject(.ack, [1]).map(\.flags) == [.ack])  // half-closed: data still comes
    script.next &+= 1
    #expect(script.readAll() == [1])
    #expect(script.inject(.fin | .ack).map(\.acknowledgment) == [script.next &+ 1])
    script.next &+= 1
    #expect(
      script.host.events() == [
        .peerClosed(script.handle, 99), .dead(script.handle, 99, .closed),
      ])
    // A retransmitted FIN is acknowledged again.
    #expect(
      script.inject(.fin | .ack, sequence: script.next &- 1).map(\.acknowledgment) == [script.next])
    var isClean = script.host.isClean
    #expect(!isClean)
    script.host.advance(by: .seconds(61))
    #expect(script.host.output().isEmpty)
    isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 9293, figure 13.
  @Test func simultaneousCloseGoesThroughClosing() throws {
    var script = Script()
    try script.establish()
    _ = script.host.endpoint.shutdown(script.handle)
    #expect(script.host.output().map(\.flags) == [.fin | .ack])
    #expect(script.inject(.fin | .ack).map(\.flags) == [.ack])
    script.next &+= 1
    script.acknowledged &+= 1
    #expect(script.inject(.ack).isEmpty)
    #expect(script.host.events().last == .dead(script.handle, 99, .closed))
    script.host.advance(by: .seconds(61))
    let isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 9293, figure 8.
  @Test func simultaneousOpenEstablishes() throws {
    var script = Script()
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    let syn = try #require(script.host.output().first)
    #expect(syn.flags == .syn)
    script.flow = Flow(
      localAddress: Script.here, remoteAddress: Script.peer, localPort: syn.flow.remotePort,
      remotePort: 80)
    let reply = try #require(script.inject(.syn).first)
    #expect(reply.flags == .syn | .ack)
    #expect(reply.sequence == syn.sequence)
    script.acknowledged = syn.sequence &+ 1
    _ = script.inject(.syn | .ack)
    #expect(script.host.events() == [.connected(handle, 5, .none)])
  }

  @Test func aRefusedConnectionIsReported() throws {
    var script = Script()
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    let syn = try #require(script.host.output().first)
    script.flow = Flow(
      localAddress: Script.here, remoteAddress: Script.peer, localPort: syn.flow.remotePort,
      remotePort: 80)
    #expect(script.inject(.rst).isEmpty)  // no ACK: not for us
    #expect(script.host.events().isEmpty)
    script.acknowledged = syn.sequence &+ 1
    #expect(script.inject(.rst | .ack, sequence: 0).isEmpty)
    #expect(script.host.events() == [.connected(handle, 5, .refused)])
    let isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 9293, section 3.10.7.1.
  @Test func aClosedPortAnswersWithReset() {
    let script = Script()
    let toSYN = script.inject(.syn)
    #expect(toSYN.map(\.flags) == [.rst | .ack])
    #expect(toSYN.map(\.acknowledgment) == [1001])
    #expect(toSYN.map(\.sequence) == [0])
    let toACK = script.inject(.ack, ack: 777)
    #expect(toACK.map(\.flags) == [.rst])
    #expect(toACK.map(\.sequence) == [777])
    #expect(script.inject(.rst).isEmpty)
    #expect(script.inject(.rst | .ack).isEmpty)
  }

  /// RFC 5961, sections 3.2 and 4.2.
  @Test func onlyAnExactResetResets() throws {
    var script = Script()
    try script.establish()
    #expect(script.inject(.rst, sequence: script.next &+ 1).map(\.flags) == [.ack])
    #expect(script.inject(.syn, sequence: script.next &+ 5).map(\.flags) == [.ack])
    #expect(script.inject(.rst, sequence: script.next &- 1).isEmpty)
    #expect(script.inject(.rst, sequence: script.next &+ 1_000_000).isEmpty)
    #expect(script.host.events().isEmpty)
    #expect(script.inject(.rst).isEmpty)
    #expect(script.host.events() == [.dead(script.handle, 99, .reset)])
    let isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 6298, section 5: 1 s at first, doubled; 5 ms at least once a round trip is known.
  @Test func lostDataIsSentAgainAfterTheTimeout() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([7]) == .taken(1))
    #expect(script.host.output().map(\.payload) == [[7]])
    script.host.advance(by: .milliseconds(4))
    #expect(script.host.output().isEmpty)
    script.host.advance(by: .milliseconds(2))
    #expect(script.host.output().map(\.payload) == [[7]])
    script.host.advance(by: .milliseconds(8))
    #expect(script.host.output().isEmpty)
    script.host.advance(by: .milliseconds(3))
    #expect(script.host.output().map(\.payload) == [[7]])
    for _ in 0..<4000 {
      script.host.advance(by: .milliseconds(100))
      _ = script.host.output()
    }
    #expect(script.host.events() == [.dead(script.handle, 99, .timedOut)])
    let isClean = script.host.isClean
    #expect(isClean)
  }
}

struct Unexpected: Error {}
