/// Words of the application's arguments of the form `key=value`.
public enum Argument {
  /// What follows `key=` in the first word that begins so; nil when there is none.
  @_lifetime(immortal)
  public static func value(of key: StaticString) -> RawSpan? {
    let text = arguments
    let count = key.utf8CodeUnitCount
    var start = 0
    while start < text.byteCount {
      var end = start
      while end < text.byteCount, text.byte(at: end) != UInt8(ascii: " ") { end += 1 }
      let equals = start + count
      if equals < end, text.byte(at: equals) == UInt8(ascii: "="), text.begins(with: key, at: start)
      {
        return text.extracting(equals + 1..<end)
      }
      start = end + 1
    }
    return nil
  }

  /// The decimal number that follows `key=`; nil when there is none or it is not one of 64 bits.
  public static func number(of key: StaticString) -> UInt64? {
    guard let text = value(of: key) else { return nil }
    return UInt64(decimal: text)
  }
}

extension UInt64 {
  /// Reads decimal digits; nil for anything else.
  public init?(decimal text: RawSpan) {
    guard text.byteCount > 0 else { return nil }
    var value: UInt64 = 0
    for index in text.byteOffsets {
      let digit = text.byte(at: index) &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    self = value
  }
}

extension RawSpan {
  /// The byte at `offset`, which must be below `byteCount`.
  @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    // SAFETY: `load` checks the offset; every byte is a UInt8.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  fileprivate func begins(with text: StaticString, at offset: Int) -> Bool {
    for index in 0..<text.utf8CodeUnitCount {
      // SAFETY: the index is below the count of the constant's bytes.
      guard unsafe text.utf8Start[index] == byte(at: offset + index) else { return false }
    }
    return true
  }
}
