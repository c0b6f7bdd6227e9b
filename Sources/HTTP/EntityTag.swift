/// A strong entity tag (RFC 9110, section 8.8.3): a hash of the content, written as sixteen
/// hexadecimal digits in quotes.
package struct EntityTag: Equatable, BitwiseCopyable, Sendable {
  package let hash: UInt64

  init(hash: UInt64) { self.hash = hash }

  /// FNV-1a of 64 bits: tells versions of a file apart, and is not meant to withstand somebody who
  /// wants two that are alike.
  init(hashing bytes: [UInt8]) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    self.hash = hash
  }

  static var byteCount: Int { 18 }

  /// The tag as text, quotes included.
  func append(to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    var shift: UInt64 = 64
    while shift > 0 {
      shift &-= 4
      text.append(Self.digit(UInt8(truncatingIfNeeded: hash &>> shift) & 15))
    }
    text.append(UInt8(ascii: "\""))
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
  }

  /// Whether `range` is this tag, quotes included.
  func equals(_ range: Range<Int>, in head: RawSpan) -> Bool {
    guard range.count == Self.byteCount, head.octet(range.lowerBound) == UInt8(ascii: "\""),
      head.octet(range.upperBound &- 1) == UInt8(ascii: "\"")
    else { return false }
    for index in 0..<16 {
      let value = UInt8(truncatingIfNeeded: hash &>> UInt64(60 &- index &* 4)) & 15
      guard head.octet(range.lowerBound &+ 1 &+ index) == Self.digit(value) else { return false }
    }
    return true
  }

  /// Whether a list of If-Match or If-None-Match names this tag: `*`, or tags of which those marked
  /// weak count only if `weakly` (RFC 9110, section 8.8.3.2). Nothing after an error counts.
  func isListed(in value: Range<Int>, of head: RawSpan, weakly: Bool) -> Bool {
    if head.equals("*", in: value) { return true }
    var offset = value.lowerBound
    while offset < value.upperBound {
      let byte = head.octet(offset)
      if byte.isBlank || byte == UInt8(ascii: ",") {
        offset &+= 1
        continue
      }
      let isWeak = value.upperBound &- offset >= 2 && head.equals("W/", in: offset..<offset &+ 2)
      if isWeak { offset &+= 2 }
      guard offset < value.upperBound, head.octet(offset) == UInt8(ascii: "\""),
        let end = head.firstOffset(of: UInt8(ascii: "\""), in: offset &+ 1..<value.upperBound)
      else { return false }
      if (weakly || !isWeak) && equals(offset..<end &+ 1, in: head) { return true }
      offset = end &+ 1
    }
    return false
  }
}
