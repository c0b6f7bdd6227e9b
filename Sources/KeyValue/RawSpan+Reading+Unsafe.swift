// Reading requests. Every access checks its bounds: what a peer sends decides the offsets.

extension RawSpan {
  @inline(__always)
  func octet(_ offset: Int) -> UInt8 {
    // SAFETY: the load checks its bounds; every bit pattern is an integer.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The integer at `offset` as the host orders its bytes.
  @inline(__always)
  func integer<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    // SAFETY: as above.
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
  }

  /// The integer at `offset` in network byte order.
  @inline(__always)
  func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    Value(bigEndian: integer(at: offset))
  }

  /// The bytes of `field`.
  @inline(__always)
  @_lifetime(copy self)
  func bytes(of field: Field) -> RawSpan { extracting(field.start..<field.end) }

  /// The offset of the first `octet` in `start..<end`; `end` when there is none.
  @inline(__always)
  func firstOffset(of octet: UInt8, from start: Int, to end: Int) -> Int {
    let pattern = UInt64(octet) &* 0x0101_0101_0101_0101
    var offset = start
    while end &- offset >= 8 {
      let word = (integer(at: offset) as UInt64).littleEndian ^ pattern
      // A byte is zero where its top bit appears here; the lowest such bit is exact.
      let zeroes = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeroes != 0 { return offset &+ zeroes.trailingZeroBitCount / 8 }
      offset &+= 8
    }
    while offset < end, self.octet(offset) != octet { offset &+= 1 }
    return offset
  }

  /// Whether both hold the same bytes.
  @inline(__always)
  func isEqual(to other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    let count = byteCount
    var offset = 0
    while count &- offset >= 8 {
      if (integer(at: offset) as UInt64) != other.integer(at: offset) { return false }
      offset &+= 8
    }
    while offset < count {
      if octet(offset) != other.octet(offset) { return false }
      offset &+= 1
    }
    return true
  }

  /// Whether these are exactly the bytes of `text`.
  func isEqual(to text: StaticString) -> Bool {
    // SAFETY: a static string's bytes live for ever.
    unsafe isEqual(to: RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount))
  }
}

extension InlineArray where Element == UInt8 {
  /// The bytes of the array.
  @inline(__always)
  var bytes: RawSpan {
    @_lifetime(borrow self)
    // SAFETY: every byte of an integer is initialised.
    borrowing get { unsafe span.bytes }
  }
}
