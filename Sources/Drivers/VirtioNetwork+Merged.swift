import Packets
import Wire

// Frames of several buffers: with VIRTIO_NET_F_MRG_RXBUF the first buffer's header says how many.

extension VirtioNetwork {
  /// Whether the device may hand over segments longer than the link's, in several buffers.
  @inline(__always)
  var isMerging: Bool { features.contains(.networkMergedBuffers) }

  /// Room that is left in front of the device's bytes in a receive buffer.
  @inline(__always)
  var headroom: Int { isMerging ? SegmentCutter.headroom : 0 }

  /// Bytes of a receive buffer that the device may write.
  static func receiveByteCount(_ features: VirtioFeatures) -> UInt16 {
    let headroom = features.contains(.networkMergedBuffers) ? SegmentCutter.headroom : 0
    return UInt16(PacketPool.bufferByteCount - headroom)
  }

  /// Takes the first of several buffers. Nil when the frame is none that can be cut.
  @inline(never)
  mutating func beginMerged(
    _ index: UInt32, _ header: VirtioNetworkHeader, byteCount: Int, pool: inout PacketPool
  ) -> ReceivedFrame? {
    let offset = headroom &+ headerByteCount
    begin(header, frameAt: offset, byteCount: max(byteCount, 0), in: index, pool)
    return cut(
      index, textAt: offset &+ cutter.headerByteCount,
      byteCount: byteCount &- cutter.headerByteCount, pool: &pool)
  }

  private mutating func begin(
    _ header: VirtioNetworkHeader, frameAt offset: Int, byteCount: Int, in index: UInt32,
    _ pool: borrowing PacketPool
  ) {
    let frame = pool.bytes(of: index).extracting(offset..<offset &+ byteCount)
    // No checksum of a piece could be verified: the device must vouch for the whole.
    let vouching = VirtioNetworkHeader.needsChecksum | VirtioNetworkHeader.isVerified
    cutter.begin(
      frame, bufferCount: Int(header.bufferCount),
      canCut: header.isSegmentedTCPv4 && header.flags & vouching != 0)
  }

  /// Takes one of the buffers that follow the first.
  @inline(never)
  mutating func continueMerged(
    _ index: UInt32, byteCount: Int, pool: inout PacketPool
  ) -> ReceivedFrame? {
    cut(index, textAt: headroom, byteCount: byteCount, pool: &pool)
  }

  /// The bytes at `textAt` of a buffer as a segment of their own.
  private mutating func cut(
    _ index: UInt32, textAt textOffset: Int, byteCount: Int, pool: inout PacketPool
  ) -> ReceivedFrame? {
    guard let textByteCount = cutter.takeText(byteCount) else {
      return refuseMerged(index, pool: &pool)
    }
    let start = textOffset &- cutter.headerByteCount
    cutter.writeHeaders(in: index, at: start, textByteCount: textByteCount, pool: &pool)
    let frameByteCount = cutter.headerByteCount &+ textByteCount
    counters.receivedFrames &+= 1
    counters.cutSegments &+= 1
    counters.receivedBytes &+= UInt64(truncatingIfNeeded: frameByteCount)
    return ReceivedFrame(
      buffer: PacketBuffer(adopting: index), offset: start, byteCount: frameByteCount,
      isChecksumVerified: true)
  }

  private mutating func refuseMerged(_ index: UInt32, pool: inout PacketPool) -> ReceivedFrame? {
    counters.droppedSegmentation &+= 1
    pool.release(PacketBuffer(adopting: index))
    return nil
  }
}
