/// The protocols of memcached, as far as GETs and SETs without flags and expiration times go.
enum MemcachedFormat: String {
  case text, binary

  func get(_ key: [UInt8]) -> [UInt8] {
    switch self {
    case .text: Array("get ".utf8) + key + Self.lineEnd
    case .binary: Self.header(request: true, opcode: 0, key: key.count, body: key.count) + key
    }
  }

  func set(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
    switch self {
    case .text:
      return Array("set ".utf8) + key + Array(" 0 0 \(value.count)\r\n".utf8) + value + Self.lineEnd
    case .binary:
      let extras = [UInt8](repeating: 0, count: 8)
      let body = extras + key + value
      return Self.header(
        request: true, opcode: 1, extras: extras.count, key: key.count, body: body.count) + body
    }
  }

  /// What a GET is answered with that finds `value`.
  func answerToGet(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
    switch self {
    case .text:
      return Array("VALUE ".utf8) + key + Array(" 0 \(value.count)\r\n".utf8) + value
        + Array("\r\nEND\r\n".utf8)
    case .binary:
      let flags = [UInt8](repeating: 0, count: 4)
      return Self.header(
        request: false, opcode: 0, extras: flags.count, body: flags.count + value.count) + flags
        + value
    }
  }

  /// What a SET is answered with.
  var answerToSet: [UInt8] {
    switch self {
    case .text: Array("STORED\r\n".utf8)
    case .binary: Self.header(request: false, opcode: 1, body: 0)
    }
  }

  /// Bytes of an answer that the server chooses: the item's CAS number in a binary header.
  var unknownBytes: Range<Int> {
    switch self {
    case .text: 0..<0
    case .binary: 16..<24
    }
  }

  private static let lineEnd = Array("\r\n".utf8)

  /// Magic, opcode, key length, extras length, data type, status or bucket, body length, opaque and CAS:
  /// 24 bytes, integers big-endian.
  private static func header(
    request: Bool, opcode: UInt8, extras: Int = 0, key: Int = 0, body: Int
  ) -> [UInt8] {
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: body >> $0) }
    let keyLength = [UInt8(truncatingIfNeeded: key >> 8), UInt8(truncatingIfNeeded: key)]
    let rest = [UInt8](repeating: 0, count: 12)
    return [request ? 0x80 : 0x81, opcode] + keyLength + [UInt8(extras), 0, 0, 0] + length + rest
  }
}
