import Packets
import TestSupport
import Testing
import Wire

@Suite struct FlowSteeringTests {
  /// Steering for each of `count` cores, over one storage.
  static func cores(_ count: Int, _ memory: TestMemory) -> [FlowSteering] {
    let first = FlowSteering(core: 0, coreCount: count, hash: .usual, storage: memory.region)
    return (0..<count).map { first.sharing(as: $0, storage: memory.region) }
  }

  /// The IPv4 vectors of Microsoft's verification suite, with ports.
  @Test(arguments: [
    (
      IPv4Address(66, 9, 149, 187), UInt16(2794), IPv4Address(161, 142, 100, 80), UInt16(1766),
      UInt32(0x51cc_c178)
    ),
    (IPv4Address(199, 92, 111, 2), 14230, IPv4Address(65, 69, 140, 83), 4739, 0xc626_b0ea),
    (IPv4Address(24, 19, 198, 95), 12898, IPv4Address(12, 22, 207, 184), 38024, 0x5c2b_394a),
    (IPv4Address(38, 27, 205, 30), 48228, IPv4Address(209, 142, 163, 6), 2217, 0xafc7_327f),
    (IPv4Address(153, 39, 163, 191), 44251, IPv4Address(202, 188, 127, 2), 1303, 0x10e8_28a2),
  ])
  func thePublishedVectorsHashAsPublished(
    source: IPv4Address, sourcePort: UInt16, destination: IPv4Address, destinationPort: UInt16,
    expected: UInt32
  ) {
    let memory = TestMemory(byteCount: FlowSteering.storageByteCount)
    let flows = Self.cores(4, memory)[0]
    #expect(
      flows.hash(
        remote: source, local: destination, remotePort: sourcePort, localPort: destinationPort)
        == expected)
  }

  @Test(arguments: [2, 3, 8])
  func everyFlowHasExactlyOneOwnerWhomAllCoresName(count: Int) {
    let memory = TestMemory(byteCount: FlowSteering.storageByteCount)
    let cores = Self.cores(count, memory)
    var load = [Int](repeating: 0, count: count)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<100_000 {
      let bits = UInt64.random(in: 0 ... .max, using: &generator)
      let remote = IPv4Address(UInt32(truncatingIfNeeded: bits))
      let port = UInt16(truncatingIfNeeded: bits >> 32)
      let hash = cores[0].hash(
        remote: remote, local: IPv4Address(10, 0, 0, 2), remotePort: port, localPort: 7)
      let owners = cores.indices.filter { cores[$0].isOurs(hash) }
      guard owners.count == 1 else {
        Issue.record("\(remote):\(port) has \(owners.count) owners")
        return
      }
      load[owners[0]] += 1
    }
    // The groups go round, so a core has at most one more than another; the rest is chance.
    let groups = (0..<count).map { core in (0..<128).filter { $0 % count == core }.count }
    for core in 0..<count {
      let expected = 100_000 * groups[core] / 128
      #expect(load[core] > expected * 3 / 4 && load[core] < expected * 5 / 4)
    }
  }

  @Test func theTableAgreesWithTheHashOfTheWholeKey() {
    let memory = TestMemory(byteCount: FlowSteering.storageByteCount)
    let flows = Self.cores(2, memory)[1]
    for _ in 0..<1000 {
      let remote = IPv4Address(.random(in: 0 ... .max))
      let local = IPv4Address(.random(in: 0 ... .max))
      let ports = (UInt16.random(in: 0 ... .max), UInt16.random(in: 0 ... .max))
      #expect(
        flows.hash(remote: remote, local: local, remotePort: ports.0, localPort: ports.1)
          == ToeplitzHash.usual.hash(
            from: remote, to: local, sourcePort: ports.0, destinationPort: ports.1))
    }
  }

  @Test func aGroupGivenAwayIsItsNewOwnersOnAllCores() {
    let memory = TestMemory(byteCount: FlowSteering.storageByteCount)
    let cores = Self.cores(4, memory)
    #expect(cores[3].owner(of: 5) == 1)
    cores[1].setOwner(of: 5, to: 3)
    for core in cores { #expect(core.owner(of: 5) == 3) }
    #expect(cores[3].isOurs(5) && !cores[1].isOurs(5))
  }

  @Test func theOnlyCoreOwnsEverything() {
    let flows = FlowSteering.alone
    #expect(!flows.isShared)
    #expect(flows.isOurs(0x1234_5678))
  }
}
