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

  /// The integer at `offset` as it lies in memory; otherwise as `bigEndian`.
  @inline(__always)
  package func word<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    assert(offset >= 0 && offset &+ MemoryLayout<Value>.size <= byteCount)
    // SAFETY: as above.
    return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Value.self)
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

  /// Stores `value` as it is at `offset`; otherwise as `storeBigEndian`.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func storeWord<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, at offset: Int
  ) {
    assert(offset >= 0 && offset &+ MemoryLayout<Value>.size <= byteCount)
    // SAFETY: as above.
    unsafe storeBytes(of: value, toUncheckedByteOffset: offset, as: Value.self)
  }
}
