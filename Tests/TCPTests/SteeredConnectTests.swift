import IXABI
import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// Connections opened from one of several cores: every reply comes back to that core, and no core
/// needs to know which ports another one uses.
@Suite struct SteeredConnectTests {
  static let local = IPv4Address(10, 0, 0, 2)

  static func endpoint(
    _ flows: FlowSteering, connectionCount: Int, _ memory: TestMemory
  ) -> Endpoint<NewReno> {
    var configuration = Configuration()
    configuration.connectionCount = connectionCount
    configuration.flows = flows
    var arena = memory.arena
    return Endpoint<NewReno>(
      configuration: configuration, secret: (UInt64(flows.core), 2),
      now: Instant(nanoseconds: 0), arena: &arena)!
  }

  /// 10^5 connections of one core of eight: 1,000 to each of 100 destinations.
  @Test func ahundredThousandRepliesComeBackToTheCoreThatAsked() {
    let count = 100_000
    let storage = TestMemory(byteCount: FlowSteering.storageByteCount)
    let first = FlowSteering(core: 0, coreCount: 8, hash: .usual, storage: storage.region)
    let flows = first.sharing(as: 5, storage: storage.region)
    let memory = TestMemory(byteCount: 256 << 20)
    var endpoint = Self.endpoint(flows, connectionCount: count, memory)
    for index in 0..<count {
      let outcome = endpoint.connect(
        localAddress: Self.local, remoteAddress: IPv4Address(10, 0, 1, UInt8(index % 100)),
        remotePort: 80, cookie: UInt64(index), now: Instant(nanoseconds: 0))
      guard case .connecting(let handle) = outcome else {
        Issue.record("connection \(index): \(outcome)")
        return
      }
      let flow = endpoint.connections[handle.index].flow
      let hash = ToeplitzHash.usual.hash(
        from: flow.remoteAddress, to: flow.localAddress, sourcePort: flow.remotePort,
        destinationPort: flow.localPort)
      guard Int(hash % 128) % 8 == 5, handle.flowGroup == hash % 128 else {
        Issue.record("\(flow) belongs to another core")
        return
      }
    }
    #expect(endpoint.openConnectionCount == count)
  }

  /// Two cores that open as many connections to one destination as they can never use the same port.
  @Test func coresShareThePortsToADestination() {
    let storage = TestMemory(byteCount: FlowSteering.storageByteCount)
    let first = FlowSteering(core: 0, coreCount: 2, hash: .usual, storage: storage.region)
    var users: [UInt16: Int] = [:]
    for core in 0..<2 {
      let memory = TestMemory(byteCount: 64 << 20)
      var endpoint = Self.endpoint(
        first.sharing(as: core, storage: storage.region), connectionCount: 16_384, memory)
      while case .connecting(let handle) = endpoint.connect(
        localAddress: Self.local, remoteAddress: IPv4Address(10, 0, 1, 1), remotePort: 80,
        cookie: 0, now: Instant(nanoseconds: 0))
      {
        users[endpoint.connections[handle.index].flow.localPort, default: 0] += 1
      }
    }
    #expect(users.values.allSatisfy { $0 == 1 })
    // The search is bounded, so the last ports may not be found; nearly all are.
    #expect(users.count > 16_384 * 95 / 100)
  }

  @Test func aHandleOfAnotherCoreIsStale() {
    let storage = TestMemory(byteCount: FlowSteering.storageByteCount)
    let first = FlowSteering(core: 0, coreCount: 2, hash: .usual, storage: storage.region)
    var handles: [Handle] = []
    let memories = (0..<2).map { _ in TestMemory(byteCount: 16 << 20) }
    var mine = Self.endpoint(first, connectionCount: 64, memories[0])
    var other = Self.endpoint(
      first.sharing(as: 1, storage: storage.region), connectionCount: 64, memories[1])
    for index in 0..<64 as Range<UInt16> {
      let outcome = other.connect(
        localAddress: Self.local, remoteAddress: IPv4Address(10, 0, 1, 1), remotePort: 80 + index,
        cookie: 0, now: Instant(nanoseconds: 0))
      if case .connecting(let handle) = outcome { handles.append(handle) }
      _ = mine.connect(
        localAddress: Self.local, remoteAddress: IPv4Address(10, 0, 1, 1), remotePort: 80 + index,
        cookie: 0, now: Instant(nanoseconds: 0))
    }
    #expect(handles.count == 64 && mine.openConnectionCount == 64)
    for handle in handles {
      let status = mine.shutdown(handle)
      #expect(status == .staleHandle)
    }
  }
}
