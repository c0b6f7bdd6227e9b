import Packets
import Wire

extension VirtioNetwork {
  /// Frames of one fragment that fit now. Where indirect descriptors were negotiated every frame
  /// counts as such; where not, one with more fragments takes more room and may be refused.
  @inline(__always)
  package var freeTransmitSlotCount: Int {
    guard !transmitQueue.isBroken, order.canIssue else { return 0 }
    return transmitQueue.freeDescriptorCount &>> 1
  }

  @inline(__always)
  package var completedTransmissionCount: UInt32 { order.completed }

  @inline(__always)
  package mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    let usesTable = fragments.count > 1 && features.contains(.indirectDescriptors)
    let descriptorCount = usesTable ? 1 : 1 &+ fragments.count
    guard order.canIssue, let head = transmitQueue.nextHead(descriptorCount: descriptorCount)
    else {
      refuse(retained: frame.retained, pool: &pool)
      return nil
    }
    slots.write(
      VirtioNetworkHeader(for: frame), packetHeaderByteCount: frame.headerByteCount, slot: head,
      writeHeader: writeHeader)
    let byteCount = VirtioNetworkHeader.byteCount &+ frame.headerByteCount
    if usesTable {
      let table = slots.writeTable(headerByteCount: byteCount, fragments: fragments, slot: head)
      transmitQueue.submit(table.address, byteCount: table.byteCount, use: .table)
    } else {
      transmitQueue.submit(
        header: slots.headerAddress(head), byteCount: byteCount, fragments: fragments, map: map)
    }
    let ticket = order.issue()
    transmissions[Int(head)] = Transmission(ticket: ticket, retained: frame.retained)
    count(frame, fragments)
    return ticket
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
      finish(transmissions[Int(completion.head)], pool: &pool)
    }
  }

  @inline(__always)
  private mutating func finish(_ transmission: Transmission, pool: inout PacketPool) {
    if transmission.retained != PacketPool.none {
      pool.release(PacketBuffer(adopting: transmission.retained))
    }
    order.finish(transmission.ticket)
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
