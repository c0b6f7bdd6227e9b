extension MutableRawSpan {
  /// Copies the `byteCount` bytes from `start` of `source` to `offset`; both ranges are inside.
  @_lifetime(self: copy self)
  mutating func copy(_ source: RawSpan, from start: Int, byteCount: Int, to offset: Int) {
    precondition(start >= 0 && byteCount >= 0 && byteCount <= source.byteCount &- start)
    precondition(offset >= 0 && byteCount <= self.byteCount &- offset)
    guard byteCount > 0 else { return }
    // SAFETY: both ranges were checked, and a span that is written to overlaps no other.
    unsafe withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + byteCount)]))
      }
    }
  }
}
