/// Framing of GDB's remote protocol ("Debugging with GDB", appendix E.1): `$data#sum`, where some bytes
/// of `data` are escaped and `sum` is their sum modulo 256 in two hexadecimal digits.
enum RemotePacket {
  /// The longest packet either side may send, which gdb is told.
  static let byteLimit = 8192

  private static let escape = UInt8(ascii: "}")
  private static let escapeMask: UInt8 = 0x20

  /// `data` as it goes over the wire.
  static func framed(_ data: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(data.count + 4)
    for byte in data {
      switch byte {
      case UInt8(ascii: "$"), UInt8(ascii: "#"), UInt8(ascii: "*"), escape:
        body += [escape, byte ^ escapeMask]
      default: body.append(byte)
      }
    }
    let sum = body.reduce(0 as UInt8) { $0 &+ $1 }
    return [UInt8(ascii: "$")] + body + [UInt8(ascii: "#")] + Hexadecimal.digits(sum)
  }

  /// Undoes the escapes.
  fileprivate static func unescaped(_ body: ArraySlice<UInt8>) -> [UInt8] {
    var data: [UInt8] = []
    var isEscaped = false
    for byte in body {
      if byte == escape, !isEscaped {
        isEscaped = true
      } else {
        data.append(isEscaped ? byte ^ escapeMask : byte)
        isEscaped = false
      }
    }
    return data
  }
}

/// Finds packets in what a debugger sends, in whatever pieces it arrives.
struct RemotePacketReader {
  enum Item: Equatable {
    case packet([UInt8])
    /// Ctrl-C: the guest is to stop.
    case interrupt
    /// Sent again by gdb when it is told so.
    case damaged
    /// Longer than any packet may be: nothing that follows can be understood.
    case endless
  }

  private static let interruptByte: UInt8 = 3

  /// From `$` on; empty between packets.
  private var bytes: [UInt8] = []

  /// The next byte; what it completes.
  mutating func take(_ byte: UInt8) -> Item? {
    guard !bytes.isEmpty else {
      if byte == Self.interruptByte { return .interrupt }
      // Acknowledgments: the connection loses nothing.
      if byte == UInt8(ascii: "$") { bytes.append(byte) }
      return nil
    }
    bytes.append(byte)
    guard bytes.count <= RemotePacket.byteLimit else { return .endless }
    guard bytes.count >= 4, bytes[bytes.count - 3] == UInt8(ascii: "#") else { return nil }
    let body = bytes[1..<(bytes.count - 3)]
    let sum = Hexadecimal.number(bytes[(bytes.count - 2)...])
    bytes = []
    guard sum == UInt64(body.reduce(0 as UInt8) { $0 &+ $1 }) else { return .damaged }
    return .packet(RemotePacket.unescaped(body))
  }
}

/// Numbers as the protocol writes them.
enum Hexadecimal {
  static func digits(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  /// Bytes in their order in memory.
  static func digits(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { digits($0) } }

  /// Bytes of a value in the order of this processor, the lowest first.
  static func digits(_ value: UInt64, byteCount: Int) -> [UInt8] {
    (0..<byteCount).flatMap { digits(UInt8(truncatingIfNeeded: value >> UInt64(8 * $0))) }
  }

  /// Digits with the highest first; nil for none, for others, and for more than 16.
  static func number(_ text: some Collection<UInt8>) -> UInt64? {
    guard !text.isEmpty, text.count <= 16 else { return nil }
    var value: UInt64 = 0
    for byte in text {
      guard let digit = digit(byte) else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// Pairs of digits; nil where they are no pairs of digits.
  static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text {
      guard let digit = digit(character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return bytes
  }

  /// A value whose lowest byte comes first; nil unless it has one to eight bytes.
  static func value(_ text: some Collection<UInt8>) -> UInt64? {
    guard let bytes = bytes(text), (1...8).contains(bytes.count) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
