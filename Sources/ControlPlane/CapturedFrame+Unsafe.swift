import CIXABI

/// A frame that was received or sent, or its beginning.
package struct CapturedFrame: Equatable {
  package var bytes: [UInt8]
  package var originalByteCount: Int
  /// Nanoseconds on the guest's clock.
  package var time: UInt64
  package var isSent: Bool
  package var core: Int

  package init(bytes: [UInt8], originalByteCount: Int, time: UInt64, isSent: Bool, core: Int) {
    self.bytes = bytes
    self.originalByteCount = originalByteCount
    self.time = time
    self.isSent = isSent
    self.core = core
  }

  /// The frames between two positions of a ring whose size is a power of two (ix_capture_record of
  /// ix_control.h). Stops at the first record that makes no sense.
  static func all(in ring: UnsafeRawBufferPointer, from tail: UInt64, to head: UInt64) -> [Self] {
    let size = UInt64(ring.count)
    let recordByteCount = UInt64(MemoryLayout<ix_capture_record>.size)
    var frames: [Self] = []
    var position = tail
    while position < head {
      let offset = position & (size - 1)
      let toEnd = size - offset
      guard toEnd >= recordByteCount else {
        position += toEnd
        continue
      }
      // SAFETY: there is room for a record between `offset` and the ring's end.
      let record = unsafe ring.loadUnaligned(
        fromByteOffset: Int(offset), as: ix_capture_record.self)
      guard record.original_byte_count > 0 else {
        position += toEnd
        continue
      }
      let byteCount = UInt64(record.captured_byte_count)
      guard byteCount <= toEnd - recordByteCount, byteCount <= record.original_byte_count else {
        return frames
      }
      let start = Int(offset + recordByteCount)
      frames.append(
        Self(
          bytes: unsafe Array(ring[start..<(start + Int(byteCount))]),
          originalByteCount: Int(record.original_byte_count), time: record.time,
          isSent: record.direction == 1, core: Int(record.core)))
      position += recordByteCount + (byteCount + 7) & ~7
    }
    return frames
  }
}
