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
    while offset < end {
      let matches = Self.zeroBytes(word(at: offset) ^ pattern)
      if matches != 0 { return min(end, offset &+ matches.trailingZeroBitCount / 8) }
      offset &+= 8
    }
    return end
  }

  /// The offset of the first space or line feed in `start..<end`; `end` when there is none.
  @inline(__always)
  func firstDelimiter(from start: Int, to end: Int) -> Int {
    var offset = start
    while offset < end {
      let word = word(at: offset)
      let spaces = Self.zeroBytes(word ^ 0x2020_2020_2020_2020)
      let matches = spaces | Self.zeroBytes(word ^ 0x0A0A_0A0A_0A0A_0A0A)
      if matches != 0 { return min(end, offset &+ matches.trailingZeroBitCount / 8) }
      offset &+= 8
    }
    return end
  }

  /// The eight bytes from `offset` on, the first one lowest; zeroes stand for those beyond the end.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    let rest = byteCount &- offset
    if rest >= 8 { return (integer(at: offset) as UInt64).littleEndian }
    if byteCount >= 8 {
      // One load that ends with the last byte, instead of a loop.
      let unused = UInt64(truncatingIfNeeded: 8 &- rest) &* 8
      return (integer(at: byteCount &- 8) as UInt64).littleEndian &>> unused
    }
    var word: UInt64 = 0
    var index = byteCount &- 1
    while index >= offset {
      word = word &<< 8 | UInt64(octet(index))
      index &-= 1
    }
    return word
  }

  /// The top bit of every byte that is zero; of bytes above the lowest such byte, perhaps more.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// Whether both hold the same bytes.
  @inline(__always)
  func isEqual(to other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    var offset = 0
    while offset < byteCount {
      if word(at: offset) != other.word(at: offset) { return false }
      offset &+= 8
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
