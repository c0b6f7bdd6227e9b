import Packets
import Wire

extension VirtioNetwork {
  @inline(__always)
  package mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    // Bounded: each turn takes a buffer the device had, and none is given back meanwhile.
    while let completion = receiveQueue.takeUsed() {
      let index = receiveBuffers[Int(completion.slot)]
      if cutter.bufferCount > 0 {
        let byteCount = Int(completion.byteCount)
        guard let frame = continueMerged(index, byteCount: byteCount, pool: &pool) else { continue }
        return frame
      }
      let byteCount = Int(completion.byteCount) &- headerByteCount
      let headroom = frameOffset &- headerByteCount
      let header = VirtioNetworkHeader(of: index, at: headroom, in: pool)
      if isMerging, header.bufferCount > 1 {
        guard let frame = beginMerged(index, header, byteCount: byteCount, pool: &pool) else {
          continue
        }
        return frame
      }
      guard let isVerified = accept(header, byteCount: byteCount) else {
        pool.release(PacketBuffer(adopting: index))
        continue
      }
      counters.receivedFrames &+= 1
      counters.receivedBytes &+= UInt64(truncatingIfNeeded: byteCount)
      return ReceivedFrame(
        buffer: PacketBuffer(adopting: index), offset: frameOffset,
        byteCount: byteCount, isChecksumVerified: isVerified)
    }
    return nil
  }

  /// Pieces that have been cut off longer segments have no header of the device's in front.
  package func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool)
    -> UInt32?
  {
    guard features.contains(.networkHashReport), offset == frameOffset else { return nil }
    return VirtioNetworkHeader.reportedHash(before: offset, of: buffer, in: pool)
  }

  /// Whether the checksum of a frame of `byteCount` bytes is known to be right; nil when the frame
  /// must be dropped, which has been counted then.
  ///
  /// `num_buffers` is looked at only with MRG_RXBUF: without, it is always 1 by specification (section
  /// 5.1.6.3.2), and some devices leave it unset.
  @inline(__always)
  private mutating func accept(_ header: VirtioNetworkHeader, byteCount: Int) -> Bool? {
    // An Ethernet header at least.
    guard byteCount >= 14 else {
      counters.droppedShort &+= 1
      return nil
    }
    // The usual frame: no flags, no segmentation; or a TCP segment from the same machine, with a
    // header of IPv4 without options, that nobody has summed.
    if header.first & 0xFFFF == 0 { return false }
    if header.first == usualUnsummed.first,
      header.checksumOffset == usualUnsummed.checksumOffset, byteCount >= 52
    {
      return true
    }
    return acceptOffloaded(header, byteCount: byteCount)
  }

  private mutating func acceptOffloaded(
    _ header: VirtioNetworkHeader, byteCount: Int
  ) -> Bool? {
    // Section 5.1.6.4: anything but NONE needs a feature. A merged segment may still fit one buffer.
    guard header.segmentationKind == 0 || isMerging && header.isSegmentedTCPv4 else {
      counters.droppedSegmentation &+= 1
      return nil
    }
    let mayOffload = features.contains(.networkGuestChecksum)
    guard header.flags & VirtioNetworkHeader.needsChecksum != 0 else {
      return mayOffload && header.flags & VirtioNetworkHeader.isVerified != 0
    }
    guard mayOffload else {
      counters.droppedChecksum &+= 1
      return nil
    }
    guard header.checksumStart + header.checksumOffset + 2 <= byteCount else {
      counters.droppedChecksumRange &+= 1
      return nil
    }
    return true
  }

  /// Does nothing until a quarter of the queue is empty, so that the device is shown new buffers in
  /// batches.
  @inline(__always)
  package mutating func refill(from pool: inout PacketPool) {
    guard receiveQueue.freeSlotCount >= receiveQueue.size &>> 2 else { return }
    fill(from: &pool)
  }

  /// Before DRIVER_OK (virtio 1.1, section 3.1.1, step 7) buffers may be made available, but the
  /// device must not be notified of them.
  package mutating func prepare(from pool: inout PacketPool) {
    fill(from: &pool)
    _ = receiveQueue.publish()
  }

  package mutating func announceBuffers() {
    guard !receiveQueue.isBroken else { return }
    transport.ring(receiveDoorbell)
    counters.receiveDoorbells &+= 1
  }

  private mutating func fill(from pool: inout PacketPool) {
    let headroom = headroom
    while let slot = receiveQueue.nextSlot {
      guard let buffer = pool.allocate() else {
        counters.shortRefills &+= 1
        return
      }
      let index = buffer.relinquish()
      receiveBuffers[Int(slot)] = index
      receiveQueue.submit(writable: map.deviceAddress(of: pool.address(of: index) + headroom))
    }
  }
}
