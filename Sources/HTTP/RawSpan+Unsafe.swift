// Reading untrusted bytes: every access is checked, also in release builds.

extension RawSpan {
  /// The byte at `offset`; traps outside of the span.
  @inline(__always)
  func octet(_ offset: Int) -> UInt8 {
    // SAFETY: the load is checked against the span's bounds; every bit pattern is a byte.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The little-endian integer at `offset`; traps unless all of it is inside the span.
  @inline(__always)
  func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    // SAFETY: the load is checked against the span's bounds; every bit pattern is an integer.
    unsafe Value(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }
}

extension StaticString {
  /// The text's bytes, which live for ever.
  var bytes: RawSpan {
    @_lifetime(immortal)
    get {
      // SAFETY: a static string is part of the image.
      let span = unsafe RawSpan(_unsafeStart: utf8Start, byteCount: utf8CodeUnitCount)
      return unsafe _overrideLifetime(span, copying: ())
    }
  }
}

extension [UInt8] {
  /// All elements.
  var rawSpan: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: bytes have no padding that could be uninitialised.
      unsafe span.bytes
    }
  }

  /// Appends a copy of `bytes`.
  mutating func append(_ bytes: RawSpan) {
    // SAFETY: the pointer is used inside the call only.
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}
