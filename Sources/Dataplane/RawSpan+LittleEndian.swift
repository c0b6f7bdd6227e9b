import Wire

// ELF and PVH structures are little-endian. The caller has checked the length.
extension RawSpan {
  /// The little-endian integer at `offset`, which together with its size must lie inside the span.
  @inline(__always)
  func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    (bigEndian(at: offset) as Value).byteSwapped
  }
}
