// The classes of characters that the grammars of RFC 9110 and RFC 3986 are made of.

extension UInt8 {
  static var tab: UInt8 { 0x09 }
  static var lineFeed: UInt8 { 0x0A }
  static var carriageReturn: UInt8 { 0x0D }
  static var space: UInt8 { 0x20 }

  /// SP or HTAB (RFC 9110, section 5.6.3).
  @inline(__always)
  var isBlank: Bool { self == .space || self == .tab }

  /// What a head may contain between its line ends: field-vchar, SP and HTAB (RFC 9110, section
  /// 5.5). No other control character, above all no NUL.
  @inline(__always)
  var isText: Bool { self >= .space && self != 0x7F || self == .tab }

  /// ASCII letters in lower case; everything else as it is.
  @inline(__always)
  var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  @inline(__always)
  var isDigit: Bool { self &- 0x30 < 10 }

  @inline(__always)
  var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// The value of a hexadecimal digit.
  var hexadecimalValue: UInt8? {
    if isDigit { return self &- 0x30 }
    let letter = lowercased &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }

  /// tchar of RFC 9110, section 5.6.2: letters, digits and !#$%&'*+-.^_`|~.
  @inline(__always)
  var isToken: Bool {
    // Bit n stands for the character n, or 64 + n.
    let set: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return self < 128 && set &>> UInt64(self & 63) & 1 != 0
  }

  /// unreserved of RFC 3986, section 2.3.
  var isUnreserved: Bool {
    isDigit || isLetter || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
      || self == UInt8(ascii: "_") || self == UInt8(ascii: "~")
  }

  /// What may be in `host [ ":" port ]` (RFC 3986, section 3.2.2): unreserved, percent-encodings,
  /// sub-delims, and the brackets and colons of IPv6 addresses and ports.
  var isAuthority: Bool {
    switch self {
    case UInt8(ascii: "%"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"),
      UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
      true
    default: isUnreserved
    }
  }

  /// What a request target is made of. Unlike RFC 3986, characters that browsers forget to encode
  /// (such as `|`) pass; blanks, controls, fragments and bytes beyond ASCII do not.
  @inline(__always)
  var isTarget: Bool { self > .space && self < 0x7F && self != UInt8(ascii: "#") }
}
