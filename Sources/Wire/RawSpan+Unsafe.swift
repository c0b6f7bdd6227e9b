// Reading and writing integers in network byte order. The caller has checked the length once; these
// accessors repeat the check in debug builds only.

extension RawSpan {
  /// The big-endian integer at `offset`, which together with its size must lie inside the span.
  @inline(__always)
  package func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    assert(offset >= 0 && offset &+ MemoryLayout<Value>.size <= byteCount)
    // SAFETY: every caller's initialiser has checked that the field lies inside the span.
    return unsafe Value(
      bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Value.self))
  }

  /// The octet at `offset`, which must lie inside the span.
  @inline(__always)
  package func octet(at offset: Int) -> UInt8 { bigEndian(at: offset) }
}

extension MutableRawSpan {
  /// Stores `value` in network byte order at `offset`; the field must lie inside the span.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func storeBigEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, at offset: Int
  ) {
    assert(offset >= 0 && offset &+ MemoryLayout<Value>.size <= byteCount)
    // SAFETY: emitters are given exactly the space they announce.
    unsafe storeBytes(of: value.bigEndian, toUncheckedByteOffset: offset, as: Value.self)
  }
}
