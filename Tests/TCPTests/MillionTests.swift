import IXABI
import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// A million connections at once: each is found by its flow, and only by it.
@Suite struct MillionTests {
  @Test func aMillionConnectionsAreEachFoundByTheirFlow() {
    let count = 1_000_000
    var configuration = Configuration()
    configuration.connectionCount = 1 << 20
    configuration.sendElementCount = 1 << 20
    configuration.sentSegmentCount = 1 << 20
    let memory = TestMemory(byteCount: 2 << 30)
    var arena = memory.arena
    let before = arena.remainingByteCount
    guard
      var endpoint = Endpoint<NewReno>(
        configuration: configuration, secret: (1, 2), now: Instant(nanoseconds: 0), arena: &arena)
    else {
      Issue.record("the arena is too small")
      return
    }
    let perConnection = (before - arena.remainingByteCount) / configuration.connectionCount
    print("memory of a connection, with its share of all tables: \(perConnection) bytes")
    #expect(perConnection <= 1024)
    var wrongCount = 0
    for index in 0..<count {
      let outcome = endpoint.connect(
        localAddress: IPv4Address(10, 0, 0, 2),
        remoteAddress: IPv4Address(0x0A01_0000 + UInt32(index % 100)), remotePort: 80,
        cookie: 0, now: Instant(nanoseconds: 0))
      if case .refused = outcome { wrongCount += 1 }
    }
    #expect(wrongCount == 0)
    #expect(endpoint.openConnectionCount == count)
    for index in 0..<UInt32(count) {
      let flow = endpoint.connections[index].flow
      if endpoint.table.find(flow, in: endpoint.connections) != index { wrongCount += 1 }
    }
    #expect(wrongCount == 0)
  }
}
