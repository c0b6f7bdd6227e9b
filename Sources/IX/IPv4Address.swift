/// An IPv4 address.
public struct IPv4Address: Hashable, BitwiseCopyable, Sendable {
  /// Host byte order: 10.9.0.1 is 0x0A090001.
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Reads `10.9.0.1`; nil for anything else.
  public init?(_ text: RawSpan) {
    var address: UInt32 = 0
    var part: UInt32 = 0
    var digitCount = 0
    var partCount = 1
    for index in text.byteOffsets {
      let character = text.byte(at: index)
      if character == UInt8(ascii: "."), digitCount > 0, partCount < 4 {
        address = address << 8 | part
        (part, digitCount, partCount) = (0, 0, partCount + 1)
        continue
      }
      guard character >= UInt8(ascii: "0"), character <= UInt8(ascii: "9") else { return nil }
      part = part * 10 + UInt32(character - UInt8(ascii: "0"))
      digitCount += 1
      guard part < 256 else { return nil }
    }
    guard partCount == 4, digitCount > 0 else { return nil }
    rawValue = address << 8 | part
  }
}
