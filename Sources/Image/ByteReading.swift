extension Collection where Element == UInt8, Index == Int {
  /// The little-endian integer `offset` bytes in, or nil if it would pass the end.
  package func littleEndian<Value: FixedWidthInteger>(
    at offset: Int, as type: Value.Type = Value.self
  ) -> Value? {
    let byteCount = Value.bitWidth / 8
    guard offset >= 0, offset <= count, byteCount <= count - offset else { return nil }
    var value: Value = 0
    for index in (0..<byteCount).reversed() {
      value = value << 8 | Value(truncatingIfNeeded: self[startIndex + offset + index])
    }
    return value
  }
}

extension Array where Element == UInt8 {
  /// Appends `value` with its least significant byte first.
  package mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
    for index in 0..<(Value.bitWidth / 8) {
      append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }

  /// Overwrites the bytes at `offset`, which must exist.
  package mutating func store<Value: FixedWidthInteger>(littleEndian value: Value, at offset: Int) {
    for index in 0..<(Value.bitWidth / 8) {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  /// Appends zeros until the count is a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    append(contentsOf: repeatElement(0, count: -count & (alignment - 1)))
  }
}

extension UInt64 {
  /// The next multiple of `alignment`, a power of two; nil if that does not fit.
  func roundedUp(to alignment: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
