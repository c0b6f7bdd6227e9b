/// Classes of characters for which runs of bytes are searched, as bits of a table.
struct CharacterClass: BitwiseCopyable {
  private let bit: UInt8

  /// `UInt8.isToken`.
  static var token: Self { Self(bit: 1) }
  /// `UInt8.isTarget`, but neither "?" nor "%": a path that needs no decoding.
  static var plainPath: Self { Self(bit: 2) }
  /// `UInt8.isAuthority`.
  static var authority: Self { Self(bit: 4) }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool { Self.table[Int(byte)] & bit != 0 }

  /// By byte; `CharacterTests` compares it with those properties.
  private static let table: InlineArray<256, UInt8> = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 7, 2, 1, 7, 5, 7, 7, 6, 6, 7, 7, 6, 7, 7, 2,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 2, 6, 2, 0,
    2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 2, 6, 3, 7,
    3, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 2, 3, 2, 7, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]
}

extension RawSpan {
  /// Where the bytes of a class that begin at `start` end.
  @inline(__always)
  func end(of characterClass: CharacterClass, from start: Int) -> Int {
    var offset = start
    while offset < byteCount, characterClass.contains(octet(offset)) { offset &+= 1 }
    return offset
  }
}
