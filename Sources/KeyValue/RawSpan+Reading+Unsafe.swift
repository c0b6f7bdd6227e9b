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

  /// Whether there is a space or a control character in `start..<end`, which lies in the span and is not
  /// empty.
  @inline(__always)
  func hasBlank(from start: Int, to end: Int) -> Bool {
    precondition(0 <= start && start < end && end <= byteCount)
    guard end &- start >= 8 else {
      let unused = UInt64(truncatingIfNeeded: 8 &- (end &- start)) &* 8
      return Self.blanks(word(at: start)) &<< unused != 0
    }
    // The last eight bytes may be looked at twice.
    var offset = start
    var found: UInt64 = 0
    while offset &+ 8 < end {
      found |= Self.blanks(uncheckedWord(at: offset))
      offset &+= 8
    }
    return found | Self.blanks(uncheckedWord(at: end &- 8)) != 0
  }

  /// The top bit of every byte below 0x21; of bytes above the lowest such byte, perhaps more.
  @inline(__always)
  private static func blanks(_ word: UInt64) -> UInt64 {
    (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
  }

  /// The eight bytes from `offset` on, which must lie in the span.
  @inline(__always)
  func uncheckedWord(at offset: Int) -> UInt64 {
    // SAFETY: the caller has compared the offset with the count.
    unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self).littleEndian
  }

  /// The eight bytes from `offset` on, the first one lowest; zeroes stand for those beyond the end.
  /// `offset` is at most `byteCount`.
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
    let count = byteCount
    guard count == other.byteCount else { return false }
    guard count >= 8 else { return word(at: 0) == other.word(at: 0) }
    // The last eight bytes may be compared twice.
    var offset = 0
    while offset &+ 8 < count {
      if uncheckedWord(at: offset) != other.uncheckedWord(at: offset) { return false }
      offset &+= 8
    }
    return uncheckedWord(at: count &- 8) == other.uncheckedWord(at: count &- 8)
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
