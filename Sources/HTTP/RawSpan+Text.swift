// Comparisons and numbers in ranges of a span, as header fields need them.

extension RawSpan {
  /// Whether the bytes in `range` are `text`.
  func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
    let expected = text.bytes
    guard range.count == expected.byteCount else { return false }
    for index in 0..<range.count
    where octet(range.lowerBound &+ index) != expected.octet(index) { return false }
    return true
  }

  /// Whether the bytes in `range` are `text`, which has no capital letters, in any case.
  func equals(caseless text: StaticString, in range: Range<Int>) -> Bool {
    let expected = text.bytes
    guard range.count == expected.byteCount else { return false }
    for index in 0..<range.count
    where octet(range.lowerBound &+ index).lowercased != expected.octet(index) { return false }
    return true
  }

  /// The order of the bytes in `range` and those of `other` in `otherRange`: negative, zero or
  /// positive. A prefix comes first.
  @inline(__always)
  func order(in range: Range<Int>, against other: RawSpan, in otherRange: Range<Int>) -> Int {
    let count = min(range.count, otherRange.count)
    var index = 0
    while count &- index >= 8 {
      let word: UInt64 = littleEndian(at: range.lowerBound &+ index)
      let otherWord: UInt64 = other.littleEndian(at: otherRange.lowerBound &+ index)
      // The first bytes that differ decide: those that count most in a big-endian integer.
      if word != otherWord { return word.byteSwapped < otherWord.byteSwapped ? -1 : 1 }
      index &+= 8
    }
    while index < count {
      let difference =
        Int(octet(range.lowerBound &+ index)) &- Int(other.octet(otherRange.lowerBound &+ index))
      if difference != 0 { return difference }
      index &+= 1
    }
    return range.count &- otherRange.count
  }

  /// Where the text that begins at `offset` ends: at the first byte that is none, or at the end.
  func endOfText(from offset: Int) -> Int {
    var offset = offset
    while offset <= byteCount &- 8 {
      // Eight bytes at once: the top bit of each tells whether it is below SP, or DEL; what a
      // borrow adds to that is looked at again below.
      let word: UInt64 = littleEndian(at: offset)
      let controls = (word &- 0x2020_2020_2020_2020) & ~word
      let deletes = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101
      let marks = (controls | (deletes & ~(word ^ 0x7F7F_7F7F_7F7F_7F7F))) & 0x8080_8080_8080_8080
      guard marks != 0 else {
        offset &+= 8
        continue
      }
      let end = offset &+ 8
      while offset < end, octet(offset).isText { offset &+= 1 }
      if offset < end { return offset }
    }
    while offset < byteCount, octet(offset).isText { offset &+= 1 }
    return offset
  }

  /// The first place of `byte` in `range`.
  func firstOffset(of byte: UInt8, in range: Range<Int>) -> Int? {
    for offset in range where octet(offset) == byte { return offset }
    return nil
  }

  /// `range` without spaces and tabs at its ends: OWS of RFC 9110, section 5.6.3.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (lower, upper) = (range.lowerBound, range.upperBound)
    while lower < upper, octet(lower).isBlank { lower &+= 1 }
    while upper > lower, octet(upper &- 1).isBlank { upper &-= 1 }
    return lower..<upper
  }

  /// The number that all of `range` spells in decimal digits; nil if it is anything else or empty.
  /// Numbers beyond `limit` are `limit`.
  func decimal(in range: Range<Int>, limit: Int) -> Int? {
    guard !range.isEmpty else { return nil }
    var value = 0
    for offset in range {
      let digit = octet(offset) &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = product.addingReportingOverflow(Int(digit))
      value = overflowed || carried ? limit : min(sum, limit)
    }
    return value
  }
}
