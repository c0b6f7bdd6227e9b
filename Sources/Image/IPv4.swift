/// An IPv4 address as the launcher handles it: parsed, compared, printed, never sent.
package struct IPv4: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Most significant byte first: 10.0.2.15 is 0x0A00020F.
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Four decimal numbers 0..255 without leading zeros, separated by dots; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard let byte = UInt8(part), String(byte) == part else { return nil }
      value = value << 8 | UInt32(byte)
    }
    rawValue = value
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let address = IPv4(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an address")
    }
    self = address
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  package var description: String {
    [24, 16, 8, 0].map { String(rawValue >> $0 & 0xFF) }.joined(separator: ".")
  }
}
