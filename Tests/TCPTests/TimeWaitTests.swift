import IXABI
import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// RFC 9293, section 3.6.1; RFC 1122, section 4.2.2.13; RFC 6191; RFC 1337.
@Suite struct TimeWaitTests {
  /// A connection that we closed first, in TIME-WAIT.
  static func waiting(
    _ configuration: Configuration = Configuration(), options: TCPOptions = Script.synOptions()
  ) throws -> Script {
    var script = Script(configuration)
    try script.establish(options: options)
    try close(&script)
    return script
  }

  static func close(_ script: inout Script, echoing timestamp: UInt32? = nil) throws {
    _ = script.host.endpoint.close(
      script.handle, now: script.host.now, pool: &script.host.pool)
    #expect(script.host.output().map(\.flags) == [.fin | .ack])
    script.acknowledged &+= 1
    script.inject(.fin | .ack)
    script.next &+= 1
    let state = script.host.endpoint.connections[script.handle.index].state
    #expect(state == .timeWait)
  }

  @Test func aSYNBeyondTheOldNumbersOpensANewConnection() throws {
    let script = try Self.waiting()
    let last = script.acknowledged
    let reply = try #require(script.inject(.syn, sequence: script.next &+ 1).first)
    #expect(reply.flags == .syn | .ack)
    // RFC 1122, section 4.2.2.13 (a): beyond the largest number of the old connection.
    #expect(SequenceNumber(reply.sequence) > SequenceNumber(last))
  }

  @Test func anOldDuplicateSYNIsAnsweredByAnACK() throws {
    let script = try Self.waiting()
    for sequence in [script.next &- 1, 1000, script.next &- 50_000] {
      let reply = script.inject(.syn, sequence: sequence)
      #expect(reply.map(\.flags) == [.ack])
      #expect(reply.map(\.acknowledgment) == [script.next])
    }
    #expect(script.host.endpoint.openConnectionCount == 1)
  }

  /// RFC 6191, section 2: the timestamp decides, whatever the sequence number.
  @Test(
    arguments: [
      (1, 1, true), (1, 0xFFFF_0000, true), (0, 1, true), (0, 0xFFFF_0000, false),
      (0xFFFF_FFFF, 1, false),
    ] as [(UInt32, UInt32, Bool)])
  func aNewerTimestampOpensANewConnection(ahead: UInt32, beyond: UInt32, opens: Bool) throws {
    var script = Script()
    var options = Script.synOptions()
    options.hasTimestamps = true
    options.timestampValue = 500
    _ = script.host.endpoint.listen(port: Script.port)
    let reply = try #require(script.inject(.syn, options: options).first)
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    script.inject(.ack, options: options)
    guard case .knock(let handle, _) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
    _ = script.host.endpoint.accept(handle, cookie: 1)
    _ = script.host.endpoint.close(handle, now: script.host.now, pool: &script.host.pool)
    _ = script.host.output()
    script.acknowledged &+= 1
    script.inject(.fin | .ack, options: options)
    script.next &+= 1
    options.timestampValue = 500 &+ ahead
    let answer = script.inject(.syn, sequence: script.next &+ beyond, options: options)
    #expect(answer.map(\.flags) == [opens ? .syn | .ack : .ack])
  }

  @Test func theOldestMakesRoomForANewConnection() throws {
    var configuration = Configuration()
    configuration.connectionCount = 3
    var script = Script(configuration)
    for port in 1...3 as ClosedRange<UInt16> {
      script.flow.remotePort = port
      script.next = 1000
      try script.establish()
      try Self.close(&script)
      script.host.advance(by: .milliseconds(1))
    }
    script.flow.remotePort = 4
    #expect(script.inject(.syn, sequence: 1).map(\.flags) == [.syn | .ack])
    #expect(script.host.endpoint.counters.recycledConnections == 1)
    // The first is gone, the second still waits.
    script.flow.remotePort = 1
    #expect(script.inject(.fin | .ack, sequence: script.next &- 1).map(\.flags) == [.rst])
    script.flow.remotePort = 2
    #expect(script.inject(.fin | .ack, sequence: script.next &- 1).map(\.flags) == [.ack])
  }

  @Test func anApplicationThatConnectsGetsARecycledSlot() throws {
    var configuration = Configuration()
    configuration.connectionCount = 8
    var script = Script(configuration)
    for port in 1...8 as ClosedRange<UInt16> {
      script.flow.remotePort = port
      script.next = 1000
      try script.establish()
      try Self.close(&script)
    }
    script.host.advance(by: .milliseconds(1))
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    guard case .connecting = outcome else { throw Unexpected() }
    #expect(script.host.endpoint.counters.recycledConnections == 1)
  }

  @Test func theListSurvivesAnyOrder() throws {
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    guard var list = TimeWaitList(capacity: 8, arena: &arena) else { throw Unexpected() }
    for index in [3, 1, 4, 1, 5] as [UInt32] { list.append(index) }
    list.remove(1)
    list.remove(1)
    list.remove(5)
    list.append(2)
    var order: [UInt32] = []
    while list.oldest != PacketPool.none {
      order.append(list.oldest)
      list.remove(list.oldest)
    }
    #expect(order == [3, 4, 2])
  }
}
