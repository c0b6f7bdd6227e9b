/// Base64 with padding (RFC 4648, section 4), for the keys of meta commands.
enum Base64 {
  /// Writes what `text` stands for to `block`. Returns the number of bytes, nil when `text` is not
  /// base64.
  static func decode(_ text: RawSpan, into block: Block) -> Int? {
    let count = text.byteCount
    guard count > 0, count % 4 == 0, count / 4 * 3 <= Block.byteCount else { return nil }
    var paddingCount = 0
    if text.octet(count &- 1) == UInt8(ascii: "=") { paddingCount = 1 }
    if paddingCount == 1, text.octet(count &- 2) == UInt8(ascii: "=") { paddingCount = 2 }
    var written = 0
    var offset = 0
    while offset < count {
      var group: UInt32 = 0
      for index in 0..<4 {
        let isPadding = offset &+ index >= count &- paddingCount
        guard let six = isPadding ? 0 : value(text.octet(offset &+ index)) else { return nil }
        group = group &<< 6 | six
      }
      for index in 0..<3 {
        let octet = UInt8(truncatingIfNeeded: group &>> UInt32(16 &- 8 &* index))
        block.write(octet, at: written &+ index)
      }
      written &+= 3
      offset &+= 4
    }
    return written &- paddingCount
  }

  /// Appends the base64 of `bytes`.
  static func encode(_ bytes: RawSpan, into replies: inout Replies) {
    let count = bytes.byteCount
    var offset = 0
    while offset < count {
      let available = min(3, count &- offset)
      var group: UInt32 = 0
      for index in 0..<3 {
        group = group &<< 8 | (index < available ? UInt32(bytes.octet(offset &+ index)) : 0)
      }
      for index in 0..<4 {
        let six = UInt8(truncatingIfNeeded: group &>> UInt32(18 &- 6 &* index)) & 63
        replies.append(index <= available ? letter(six) : UInt8(ascii: "="))
      }
      offset &+= 3
    }
  }

  private static func value(_ letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter &- UInt8(ascii: "a") &+ 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter &- UInt8(ascii: "0") &+ 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  private static func letter(_ six: UInt8) -> UInt8 {
    switch six {
    case 0..<26: UInt8(ascii: "A") &+ six
    case 26..<52: UInt8(ascii: "a") &+ six &- 26
    case 52..<62: UInt8(ascii: "0") &+ six &- 52
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
  }
}
