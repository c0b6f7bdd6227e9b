import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// hostile-inputs, load: when ports, buffers or slots have run out, whoever used them up suffers, and
/// an established connection of somebody else goes on.
@Suite struct ShortageTests {
  static let stranger = IPv4Address(10, 0, 0, 66)

  /// A byte in both directions on the established connection of `script`.
  private func expectUndisturbed(_ script: inout Script) {
    let acknowledged = script.inject(.ack | .psh, [7])
      .filter { $0.flow.localPort == Script.peerPort && $0.flow.localAddress == Script.peer }
    script.next &+= 1
    #expect(acknowledged.map(\.acknowledgment) == [script.next])
    #expect(script.readAll() == [7])
    #expect(script.send([5]) == .taken(1))
    #expect(script.host.output().contains { $0.payload == [5] })
    script.acknowledged &+= 1
    script.inject(.ack)
    #expect(
      script.host.events().contains { event in
        guard case .sent(script.handle, _, byteCount: 1, _) = event else { return false }
        return true
      })
  }

  private func connect(_ script: Script, to address: IPv4Address = stranger) -> ConnectOutcome {
    script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: address, remotePort: 80, cookie: 1,
      now: script.host.now)
  }

  @Test func whenThePortsToADestinationHaveRunOutOthersAreReached() throws {
    var configuration = Configuration()
    configuration.firstEphemeralPort = 65_436
    var script = Script(configuration)
    try script.establish()
    var handles: [Handle] = []
    while case .connecting(let handle) = connect(script) {
      handles.append(handle)
      _ = script.host.output()
    }
    #expect(handles.count == 100, "as many as there are ports")
    #expect(connect(script) == .refused(.noResources))
    expectUndisturbed(&script)
    guard case .connecting = connect(script, to: Script.peer) else {
      Issue.record("another destination has ports of its own")
      return
    }
    let ended = try #require(handles.first)
    #expect(script.host.endpoint.abort(ended, pool: &script.host.pool) == .ok)
    _ = script.host.output()
    guard case .connecting = connect(script) else {
      Issue.record("a port was given back")
      return
    }
  }

  /// An application that returns no buffer stops receiving, and nothing else.
  @Test func whenTheApplicationHoldsAllBuffersTheRestGoesOn() throws {
    var script = Script(bufferCount: 128)
    try script.establish()
    #expect(script.send([1, 2, 3]) == .taken(3))
    _ = script.host.output()
    let hoarder = try Self.hoard(script, connectionCount: 4)
    let reserve = script.host.pool.reserve(script.host.endpoint.resources.configuration)
    #expect(script.host.pool.freeCount <= reserve)
    #expect(script.host.pool.freeCount > 0)

    // Acknowledgments are still taken, and what is due is sent.
    script.acknowledged &+= 3
    script.inject(.ack)
    let isGivenBack = script.host.events().contains { event in
      guard case .sent(script.handle, _, byteCount: 3, _) = event else { return false }
      return true
    }
    #expect(isGivenBack)
    // Data is not, and its sender is told so.
    let before = script.host.endpoint.counters.droppedBufferLimit
    #expect(script.inject(.ack, [7]).map(\.acknowledgment) == [script.next])
    #expect(script.host.endpoint.counters.droppedBufferLimit == before + 1)

    for item in hoarder {
      let status = script.host.endpoint.receiveDone(
        item.handle, buffer: item.buffer, byteCount: item.byteCount, pool: &script.host.pool)
      #expect(status == .ok)
    }
    expectUndisturbed(&script)
  }

  struct Held {
    var handle: Handle
    var buffer: UInt32
    var byteCount: Int
  }

  /// Another peer's connections, which receive as long as there are buffers, none of them returned.
  private static func hoard(_ script: Script, connectionCount: UInt16) throws -> [Held] {
    var held: [Held] = []
    for port in 0..<connectionCount {
      var hoarder = script
      hoarder.flow.remoteAddress = stranger
      hoarder.flow.remotePort = 5000 + port
      hoarder.next = 77
      let reply = try #require(hoarder.inject(.syn, options: Script.synOptions()).first)
      hoarder.next &+= 1
      hoarder.acknowledged = reply.sequence &+ 1
      hoarder.inject(.ack)
      for case .knock(let handle, _) in script.host.events() {
        _ = script.host.endpoint.accept(handle, cookie: 2)
      }
      for _ in 0..<128 {
        hoarder.inject(.ack, [UInt8](repeating: 1, count: 200))
        hoarder.next &+= 200
        for case .received(let handle, 2, let buffer, _, let byteCount) in script.host.events() {
          held.append(Held(handle: handle, buffer: buffer, byteCount: byteCount))
        }
      }
    }
    return held
  }

  /// 10^5 connections whose handshake never ends, each of another peer, in slots of their own.
  @Test func aHundredThousandHalfOpenConnectionsAreBorneAndEnd() throws {
    let count = 100_000
    var configuration = Configuration()
    configuration.connectionCount = count + 10
    configuration.backlog = count
    // Peers share 256 counters.
    configuration.backlogPerSource = count / 100
    configuration.knockLimit = count
    var script = Script(configuration, arenaByteCount: 128 << 20)
    try script.establish()
    for index in 0..<UInt32(count) {
      script.host.receive(Self.syn(of: index, like: script))
      if index % 200 == 199 { _ = script.host.output() }
    }
    #expect(script.host.endpoint.openConnectionCount == count + 1)
    #expect(script.host.endpoint.counters.sentCookies == 0)
    expectUndisturbed(&script)

    // One more is answered by a cookie: the flood has no more room, and needs none.
    script.host.receive(Self.syn(of: UInt32(count), like: script))
    _ = script.host.output()
    #expect(script.host.endpoint.counters.sentCookies == 1)

    for _ in 0..<4 {
      script.host.advance(by: .seconds(5))
      for _ in 0...(count / 200) where script.host.endpoint.hasOutput { _ = script.host.output() }
    }
    #expect(script.host.endpoint.openConnectionCount == 1)
    expectUndisturbed(&script)
  }

  private static func syn(of index: UInt32, like script: Script) -> TestSegment {
    var syn = script.segment(.syn, sequence: index &* 2_654_435_761)
    syn.flow = Flow(
      localAddress: Script.here, remoteAddress: IPv4Address(0x0B00_0000 + index),
      localPort: Script.port, remotePort: UInt16(1024 + index % 60_000))
    return syn
  }
}
