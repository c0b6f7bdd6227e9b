import Packets
import Wire

extension VirtioNetwork {
  @inline(__always)
  package var freeTransmitSlotCount: Int {
    transmitQueue.isBroken ? 0 : transmitQueue.freeSlotCount
  }

  @inline(__always)
  package var completedTransmissionCount: UInt32 { transmitQueue.completedCount }

  @inline(__always)
  package mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard let slot = transmitQueue.nextSlot else {
      refuse(retained: frame.retained, pool: &pool)
      return nil
    }
    slots.write(
      VirtioNetworkHeader(for: frame), packetHeaderByteCount: frame.headerByteCount, slot: slot,
      writeHeader: writeHeader)
    let byteCount = headerByteCount &+ frame.headerByteCount
    if fragments.count > 1, features.contains(.indirectDescriptors) {
      let table = slots.writeTable(headerByteCount: byteCount, fragments: fragments, slot: slot)
      transmitQueue.submit(table.address, byteCount: table.byteCount, use: .table)
    } else {
      transmitQueue.submit(
        header: slots.headerAddress(slot), byteCount: byteCount, fragments: fragments, map: map)
    }
    if frame.retained != PacketPool.none { retained[Int(slot)] = frame.retained }
    count(frame, fragments)
    return transmitQueue.queuedCount
  }

  @inline(__always)
  package mutating func ringDoorbell() {
    if transmitQueue.publish() {
      transport.ring(transmitDoorbell)
      counters.transmitDoorbells &+= 1
    }
    if receiveQueue.publish() {
      transport.ring(receiveDoorbell)
      counters.receiveDoorbells &+= 1
    }
  }

  @inline(__always)
  package mutating func reclaim(_ pool: inout PacketPool) {
    // Bounded: each turn takes a frame that was in flight.
    while let completion = transmitQueue.takeUsed() {
      finish(completion.slot, pool: &pool)
    }
  }

  /// The device has finished with the frame in `slot`.
  @inline(__always)
  mutating func finish(_ slot: UInt16, pool: inout PacketPool) {
    let buffer = retained[Int(slot)]
    guard buffer != PacketPool.none else { return }
    retained[Int(slot)] = PacketPool.none
    pool.release(PacketBuffer(adopting: buffer))
  }

  private mutating func refuse(retained: UInt32, pool: inout PacketPool) {
    counters.refusedTransmissions &+= 1
    guard retained != PacketPool.none else { return }
    pool.release(PacketBuffer(adopting: retained))
  }

  @inline(__always)
  private mutating func count(_ frame: OutgoingFrame, _ fragments: Span<Fragment>) {
    counters.transmittedFrames &+= 1
    counters.transmittedHeaderBytes &+= UInt64(truncatingIfNeeded: frame.headerByteCount)
    counters.transmittedInPlaceBytes &+= UInt64(truncatingIfNeeded: fragments.totalByteCount)
  }
}
