import Packets

extension SegmentCutter {
  /// Writes the headers of the next piece of text to `offset` of the buffer `index`, which the
  /// driver owns.
  mutating func writeHeaders(
    in index: UInt32, at offset: Int, textByteCount: Int, pool: inout PacketPool
  ) {
    precondition(
      offset >= 0 && headerByteCount <= PacketPool.bufferByteCount &- offset,
      "headers outside of their buffer")
    // SAFETY: `pointer` checks the index, the line above the range; the device has handed the buffer
    // back, and nobody else has seen it yet.
    var space = unsafe MutableRawSpan(
      _unsafeStart: pool.pointer(to: index) + offset, byteCount: headerByteCount)
    writeHeaders(&space, textByteCount: textByteCount)
  }
}
