/// What the server is started with.
package struct Settings: BitwiseCopyable {
  /// Bytes for items, headers included: `-m`, in MiB there.
  package var memoryLimit: Int
  /// Bytes of the largest item, header and key included: `-I`.
  package var itemByteLimit = 1 << 20
  /// Connections served at a time: `-c`.
  package var connectionLimit = 1024
  /// Whether the oldest items make room for new ones; otherwise storing fails: `-M`.
  package var evicts = true
  /// Seconds since 1970 when the server started, 0 when nobody knows: `unix=`. Without it absolute
  /// expiration times never come.
  package var unixTime: UInt64 = 0
  /// Secret of the hash function.
  package var hashSeed: (UInt64, UInt64) = (0, 0)

  package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

  /// Reads arguments in memcached's style, such as `-m 64 -I 2m`. False when one is not understood.
  package mutating func apply(arguments: RawSpan) -> Bool {
    var fields = Fields(start: 0, end: arguments.byteCount)
    while let field = fields.next(in: arguments) {
      guard apply(field, of: arguments, &fields) else { return false }
    }
    return true
  }

  private mutating func apply(_ field: Field, of bytes: RawSpan, _ rest: inout Fields) -> Bool {
    let name = bytes.bytes(of: field)
    if name.isEqual(to: "-M") {
      evicts = false
      return true
    }
    let unix: StaticString = "unix="
    if field.byteCount > 5, name.extracting(first: 5).isEqual(to: unix) {
      guard let time = bytes.unsigned(Field(start: field.start &+ 5, end: field.end)) else {
        return false
      }
      unixTime = time
      return true
    }
    guard field.byteCount >= 2, name.octet(0) == UInt8(ascii: "-") else { return false }
    // `-m64` and `-m 64` are the same.
    let attached = Field(start: field.start &+ 2, end: field.end)
    guard let value = attached.byteCount > 0 ? attached : rest.next(in: bytes) else { return false }
    return apply(name.octet(1), bytes, value)
  }

  private mutating func apply(_ letter: UInt8, _ bytes: RawSpan, _ value: Field) -> Bool {
    switch letter {
    case UInt8(ascii: "m"):
      guard let count = bytes.unsigned(value), count > 0, count <= 32 << 10 else { return false }
      memoryLimit = Int(count) << 20
    case UInt8(ascii: "I"):
      guard let count = Self.byteCount(bytes, value), count >= 1024, count <= 128 << 20 else {
        return false
      }
      itemByteLimit = count
    case UInt8(ascii: "c"):
      guard let count = bytes.unsigned(value), count > 0, count <= 1 << 20 else { return false }
      connectionLimit = Int(count)
    default: return false
    }
    return true
  }

  /// A number of bytes with `k` or `m` behind it, or nothing.
  private static func byteCount(_ bytes: RawSpan, _ value: Field) -> Int? {
    var digits = value
    var shift = 0
    switch bytes.octet(value.end &- 1) {
    case UInt8(ascii: "k"), UInt8(ascii: "K"): shift = 10
    case UInt8(ascii: "m"), UInt8(ascii: "M"): shift = 20
    default: break
    }
    if shift > 0 { digits.end &-= 1 }
    guard let count = bytes.unsigned(digits), count < 1 << 32 else { return nil }
    return Int(count) << shift
  }
}
