/// A number as decimal digits.
struct Decimal {
  private var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
  private var first: Int

  @inline(__always)
  init(_ value: UInt64) {
    first = digits.count
    var rest = value
    repeat {
      first &-= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      digits[first] = UInt8(truncatingIfNeeded: digit) &+ UInt8(ascii: "0")
      rest = quotient
    } while rest > 0
  }

  @inline(__always)
  var bytes: RawSpan {
    @_lifetime(borrow self)
    get { digits.bytes.extracting(first..<digits.count) }
  }

  var byteCount: Int { digits.count &- first }

  /// The number a value stands for: spaces before it and anything from a space on are ignored, as
  /// memcached does. Nil when there is none, or it does not fit 64 bits.
  static func value(_ bytes: RawSpan) -> UInt64? {
    var start = 0
    while start < bytes.byteCount, isSpace(bytes.octet(start)) { start &+= 1 }
    var end = start
    while end < bytes.byteCount, !isSpace(bytes.octet(end)) { end &+= 1 }
    return bytes.unsigned(Field(start: start, end: end))
  }

  private static func isSpace(_ octet: UInt8) -> Bool { octet == 32 || (9...13).contains(octet) }
}
