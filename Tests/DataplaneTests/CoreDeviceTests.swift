import Packets
import TestSupport
import Testing
import Wire

@testable import Dataplane

/// A card whose frames only count: how many were queued, and how many of them it has been told of.
private struct CountingCard: NetworkDevice, ~Copyable {
  final class Counts {
    var queued = 0
    var announced = 0
  }

  let counts: Counts
  var macAddress: MACAddress { MACAddress(0x0200_0000_0001) }
  var offloads: Offloads { Offloads() }
  var freeTransmitSlotCount: Int { 64 }
  var completedTransmissionCount: UInt32 { UInt32(counts.queued) }

  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? { nil }
  mutating func refill(from pool: inout PacketPool) {}
  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    if frame.retained != PacketPool.none { pool.release(PacketBuffer(adopting: frame.retained)) }
    counts.queued += 1
    return UInt32(counts.queued)
  }
  mutating func ringDoorbell() { counts.announced = counts.queued }
  mutating func reclaim(_ pool: inout PacketPool) {}
  mutating func armInterrupt() -> Bool { false }
}

@Suite struct CoreDeviceTests {
  /// The first core forwards what others send while it looks for what has arrived, when the doorbell
  /// has had its turn. Should it then sleep, nobody else would ring it.
  @Test func framesOfOtherCoresAreAnnouncedBeforeTheFirstSleeps() {
    let memory = TestMemory(byteCount: 4 << 20)
    let packets = TestMemory(byteCount: 64 * PacketPool.bufferByteCount)
    let rings = TestMemory(byteCount: CoreMesh.byteCount(coreCount: 2))
    rings.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    var arena = memory.arena
    let mesh = CoreMesh(coreCount: 2, memory: rings.region)
    let counts = CountingCard.Counts()
    guard var pool = PacketPool(memory: packets.region, arena: &arena),
      var first = CoreDevice(card: CountingCard(counts: counts), mesh: mesh, arena: &arena),
      var other = CoreDevice<CountingCard>(
        placeholder: CountingCard(counts: CountingCard.Counts()), core: 1, mesh: mesh,
        macAddress: first.macAddress, offloads: Offloads(), arena: &arena)
    else {
      Issue.record("the arena is too small")
      return
    }
    let ticket = other.transmit(
      OutgoingFrame(headerByteCount: 14), fragments: Span(), pool: &pool
    ) { header in
      for offset in 0..<14 { header.storeBytes(of: 0xAB, toByteOffset: offset, as: UInt8.self) }
    }
    #expect(ticket != nil)
    other.ringDoorbell()

    first.ringDoorbell()
    let mustStayAwake = first.armInterrupt()
    #expect(mustStayAwake, "a frame waits")
    first.reclaim(&pool)
    #expect(counts.queued == 1)
    let mustStillStayAwake = first.armInterrupt()
    #expect(!mustStillStayAwake, "nothing waits")
    #expect(counts.announced == 1)
    let freeCount = pool.freeCount
    #expect(freeCount == 64)
  }
}
