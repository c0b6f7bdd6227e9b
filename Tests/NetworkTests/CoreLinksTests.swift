import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// Two cores behind one network: what arrives at the wrong one ends at its owner.
@Suite struct CoreLinksTests {
  struct Pair: ~Copyable {
    private let flowMemory = TestMemory(byteCount: FlowSteering.storageByteCount)
    private let meshMemory = TestMemory(byteCount: CoreMesh.byteCount(coreCount: 2))
    var first: Bench
    var second: Bench

    init(_ steering: CoreLinks.Steering) {
      meshMemory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
      let mesh = CoreMesh(coreCount: 2, memory: meshMemory.region)
      let flows = FlowSteering(core: 0, coreCount: 2, hash: .usual, storage: flowMemory.region)
      first = Bench(flows: flows, steering: steering, mesh: mesh)
      second = Bench(
        flows: flows.sharing(as: 1, storage: flowMemory.region), steering: steering, mesh: mesh)
      _ = first.stack.bind(7)
      _ = second.stack.bind(7)
    }

    /// Both cores take what the other has for them, and tell their applications.
    mutating func settle() {
      for _ in 0..<2 {
        first.takeOver()
        second.takeOver()
      }
      first.cycle()
      second.cycle()
    }
  }

  static func owner(_ port: UInt16) -> Int {
    let hash = ToeplitzHash.usual.hash(
      from: Bench.peer, to: Bench.address, sourcePort: port, destinationPort: 7)
    return Int(hash % 128) % 2
  }

  static func datagram(from port: UInt16) -> [UInt8] {
    Frames.packet(Frames.ipv4(17, Frames.udp([1, 2, 3], from: port)))
  }

  /// Wherever they arrive, 2,000 flows end where the hash says, whole, and every buffer comes back.
  @Test func packetsEndAtTheOwnerOfTheirFlow() {
    var pair = Pair(.inSoftware)
    var expected: [[UInt16]] = [[], []]
    for port in 1000..<3000 as Range<UInt16> {
      if port % 3 == 0 {
        pair.second.receive(Self.datagram(from: port))
      } else {
        pair.first.receive(Self.datagram(from: port))
      }
      expected[Self.owner(port)].append(port)
      if port % 8 == 7 {
        pair.settle()
        pair.first.returnBuffers()
        pair.second.returnBuffers()
      }
    }
    pair.settle()
    pair.first.returnBuffers()
    pair.second.returnBuffers()
    let firstPorts = pair.first.events.datagrams.map(\.remotePort).sorted()
    let secondPorts = pair.second.events.datagrams.map(\.remotePort).sorted()
    #expect(firstPorts == expected[0])
    #expect(secondPorts == expected[1])
    pair.settle()
    let free = [pair.first.pool.freeCount, pair.second.pool.freeCount]
    #expect(free == [Bench.bufferCount, Bench.bufferCount])
    let counters = pair.first.stack.links.counters
    #expect(counters.handedOver > 500 && counters.takenOver > 200 && counters.dropped == 0)
  }

  /// A device that hashes cannot know the flow of a fragment: the core that puts the datagram together
  /// gives it to its owner.
  @Test func aReassembledDatagramIsHandedOver() {
    var pair = Pair(.byDevice)
    let port = (1000..<2000 as Range<UInt16>).first { Self.owner($0) == 1 } ?? 0
    let payload = [UInt8](repeating: 7, count: 1800)
    let datagram = Frames.udp(payload, from: port)
    pair.first.receive(ReassemblyTests.fragment(datagram, 0..<1480))
    pair.first.receive(ReassemblyTests.fragment(datagram, 1480..<1808))
    pair.settle()
    #expect(pair.first.events.datagrams.isEmpty)
    let received = pair.second.events.datagrams.map(\.byteCount)
    #expect(received == [1800])
  }

  /// A packet is not hashed where the device says what its hash is: group 1 belongs to the second core,
  /// group 0 to the first, whatever the ports.
  @Test(arguments: [0, 1]) func aReportedHashIsBelieved(group: UInt32) {
    var pair = Pair(.inSoftware)
    pair.first.device.reportedHash = 0x1234_5680 | group
    let ports = (1000..<2000 as Range<UInt16>).filter { Self.owner($0) != Int(group) }.prefix(8)
    for port in ports { pair.first.receive(Self.datagram(from: port)) }
    pair.settle()
    let counts = [pair.first.events.datagrams.count, pair.second.events.datagrams.count]
    #expect(counts == (group == 0 ? [8, 0] : [0, 8]))
  }

  /// A fragment's hash is that of no flow.
  @Test func theReportedHashOfAFragmentIsNot() {
    var pair = Pair(.inSoftware)
    pair.first.device.reportedHash = 0
    let port = (1000..<2000 as Range<UInt16>).first { Self.owner($0) == 1 } ?? 0
    let datagram = Frames.udp([UInt8](repeating: 7, count: 1800), from: port)
    pair.first.receive(ReassemblyTests.fragment(datagram, 0..<1480))
    pair.first.receive(ReassemblyTests.fragment(datagram, 1480..<1808))
    pair.settle()
    let counts = [pair.first.events.datagrams.count, pair.second.events.datagrams.count]
    #expect(counts == [0, 1])
  }

  /// What the device has steered is not hashed again.
  @Test func aPacketTheDeviceHasSteeredStays() {
    var pair = Pair(.byDevice)
    let port = (1000..<2000 as Range<UInt16>).first { Self.owner($0) == 1 } ?? 0
    pair.first.receive(Self.datagram(from: port))
    pair.settle()
    let counts = [pair.first.events.datagrams.count, pair.second.events.datagrams.count]
    #expect(counts == [1, 0])
  }

  @Test func aNeighbourThatTellsOneCoreTellsAll() {
    var pair = Pair(.byDevice)
    pair.first.introducePeer()
    pair.settle()
    let now = pair.second.now
    let answer = pair.second.stack.output.neighbours.lookup(Bench.peer, at: now)
    #expect(answer == .resolved(Bench.peerHardware))
  }

  /// A full ring drops and counts, and loses no buffer.
  @Test func aCoreThatDoesNotTakeItsPacketsLosesThem() {
    var pair = Pair(.inSoftware)
    let ports = (1000..<2000 as Range<UInt16>).filter { Self.owner($0) == 1 }
    for port in ports.prefix(CoreRing.capacity - 4) {
      pair.first.receive(Self.datagram(from: port))
    }
    let free = pair.first.pool.freeCount
    #expect(free == Bench.bufferCount - (CoreRing.capacity - 4))
    for _ in 0..<8 { pair.settle() }
    pair.second.returnBuffers()
    pair.settle()
    let after = pair.first.pool.freeCount
    #expect(after == Bench.bufferCount)
  }

  @Test func aSleeperIsToBeWokenOnlyByWhatItHasNotSeen() {
    var pair = Pair(.inSoftware)
    let port = (1000..<2000 as Range<UInt16>).first { Self.owner($0) == 1 } ?? 0
    let isAsleep = pair.second.stack.links.prepareToSleep()
    #expect(isAsleep)
    pair.first.receive(Self.datagram(from: port))
    let wakes = pair.first.stack.links.takeWakes()
    #expect(wakes == 0b10)
    pair.second.stack.links.endSleep()
    let sleepsAgain = pair.second.stack.links.prepareToSleep()
    #expect(!sleepsAgain)
  }
}

extension Bench {
  mutating func takeOver() {
    _ = stack.receiveFromOtherCores(limit: 1000, now: now, pool: &pool, device: &device)
  }

  /// The application returns what it was given, and keeps its notes.
  mutating func returnBuffers() {
    for datagram in events.datagrams {
      _ = stack.datagramReceiveDone(buffer: datagram.buffer, pool: &pool)
    }
  }
}
