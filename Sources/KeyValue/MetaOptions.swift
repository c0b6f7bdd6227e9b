/// The flags of a meta command, read once.
struct MetaOptions: BitwiseCopyable {
  enum Failure {
    case tooMany, duplicate, unknown, badToken, badFlags, modeLength, opaqueLength
  }

  private var letters: UInt64 = 0
  /// `C`: compare with this `unique`. `E`: the item is to get this one.
  private(set) var expected: UInt64?
  private(set) var unique: UInt64?
  /// `T`, `N`, `R`: seconds, as clients give expiration times.
  private(set) var time: Int64?
  private(set) var vivifies: Int64?
  private(set) var renewal: Int64?
  /// `D` and `J`.
  private(set) var amount: UInt64 = 1
  private(set) var initial: UInt64 = 0
  /// `F`.
  private(set) var flags: UInt32 = 0
  /// `M`: one letter, 0 without.
  private(set) var mode: UInt8 = 0

  static var countLimit: Int { 17 }
  private static var opaqueByteLimit: Int { 31 }

  /// Whether a flag was given.
  @inline(__always)
  func has(_ letter: Unicode.Scalar) -> Bool {
    letters & Self.bit(UInt8(truncatingIfNeeded: letter.value)) != 0
  }

  /// One bit for every letter; none for what is not a flag of any meta command.
  private static func bit(_ letter: UInt8) -> UInt64 {
    guard letter >= UInt8(ascii: "A"), letter <= UInt8(ascii: "z") else { return 0 }
    return 1 &<< UInt64(letter &- UInt8(ascii: "A"))
  }

  /// Reads the flags that are left of a line.
  mutating func read(_ bytes: RawSpan, _ line: Fields) -> Failure? {
    var fields = line
    guard fields.count(in: bytes) <= Self.countLimit else { return .tooMany }
    while let field = fields.next(in: bytes) {
      let letter = bytes.octet(field.start)
      let bit = Self.bit(letter)
      guard bit & letters == 0 else { return .duplicate }
      letters |= bit
      let token = Field(start: field.start &+ 1, end: field.end)
      if let failure = read(letter, bytes, token) { return failure }
    }
    return nil
  }

  private mutating func read(_ letter: UInt8, _ bytes: RawSpan, _ token: Field) -> Failure? {
    switch Unicode.Scalar(letter) {
    case "b", "c", "f", "h", "I", "k", "l", "L", "P", "q", "s", "t", "u", "v", "x": return nil
    case "O": return token.byteCount > Self.opaqueByteLimit ? .opaqueLength : nil
    case "M":
      guard token.byteCount == 1 else { return .modeLength }
      mode = bytes.octet(token.start)
      return nil
    case "F":
      guard let value = bytes.unsigned(token).flatMap({ UInt32(exactly: $0) }) else {
        return .badFlags
      }
      flags = value
      return nil
    case "T", "N", "R":
      guard let value = bytes.signed(token) else { return .badToken }
      if letter == UInt8(ascii: "T") { time = value }
      if letter == UInt8(ascii: "N") { vivifies = value }
      if letter == UInt8(ascii: "R") { renewal = value }
      return nil
    case "C", "E", "D", "J":
      guard let value = bytes.unsigned(token) else { return .badToken }
      if letter == UInt8(ascii: "C") { expected = value }
      if letter == UInt8(ascii: "E") { unique = value }
      if letter == UInt8(ascii: "D") { amount = value }
      if letter == UInt8(ascii: "J") { initial = value }
      return nil
    default: return .unknown
    }
  }
}
