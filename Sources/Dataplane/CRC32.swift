import Wire

/// The cyclic redundancy check of IEEE 802.3 (polynomial 0x04C11DB7, reflected), as zlib computes
/// it: detects a damaged image, not a malicious one.
package struct CRC32: BitwiseCopyable {
  private var table = InlineArray<256, UInt32>(repeating: 0)

  package init() {
    for index in 0..<256 {
      var remainder = UInt32(truncatingIfNeeded: index)
      for _ in 0..<8 {
        remainder = remainder &>> 1 ^ (0xEDB8_8320 & (0 &- (remainder & 1)))
      }
      table[index] = remainder
    }
  }

  package func checksum(of bytes: RawSpan) -> UInt32 {
    // Read through a span: subscripting the array itself copies it, every time.
    let table = table.span
    var remainder: UInt32 = .max
    for offset in bytes.byteOffsets {
      let index = Int(truncatingIfNeeded: (remainder ^ UInt32(bytes.octet(at: offset))) & 0xFF)
      remainder = remainder &>> 8 ^ table[index]
    }
    return ~remainder
  }
}
