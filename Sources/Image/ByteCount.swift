/// An amount of memory as people write it: `64M`, `1G`, `65536K`; a plain number is bytes.
package struct ByteCount: Sendable, Hashable, Codable, CustomStringConvertible {
  package let bytes: UInt64

  package init(bytes: UInt64) { self.bytes = bytes }

  /// Nil unless `text` is a decimal number with at most one of the suffixes K, M and G (powers of
  /// 1,024) and fits in 64 bits.
  package init?(_ text: String) {
    let shifts: [Character: UInt64] = ["K": 10, "M": 20, "G": 30]
    let shift = text.last.flatMap { shifts[$0] }
    let digits = shift == nil ? text[...] : text.dropLast()
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let number = UInt64(digits)
    else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  package init(from decoder: any Decoder) throws {
    bytes = try decoder.singleValueContainer().decode(UInt64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(bytes)
  }

  /// The largest unit that divides it.
  package var description: String {
    for (shift, suffix) in [(30, "G"), (20, "M"), (10, "K")] as [(UInt64, String)]
    where bytes > 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(suffix)"
    }
    return "\(bytes)"
  }
}
