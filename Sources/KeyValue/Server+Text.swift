// The text protocol: lines, and which command each is.

/// Names of commands of up to eight letters, as little-endian integers.
private enum Name {
  static var get: UInt64 { 0x74_6567 }
  static var gets: UInt64 { 0x7374_6567 }
  static var gat: UInt64 { 0x74_6167 }
  static var gats: UInt64 { 0x7374_6167 }
  static var set: UInt64 { 0x74_6573 }
  static var add: UInt64 { 0x64_6461 }
  static var replace: UInt64 { 0x65_6361_6c70_6572 }
  static var append: UInt64 { 0x646e_6570_7061 }
  static var prepend: UInt64 { 0x64_6e65_7065_7270 }
  static var cas: UInt64 { 0x73_6163 }
  static var delete: UInt64 { 0x6574_656c_6564 }
  static var incr: UInt64 { 0x7263_6e69 }
  static var decr: UInt64 { 0x7263_6564 }
  static var touch: UInt64 { 0x68_6375_6f74 }
  static var stats: UInt64 { 0x73_7461_7473 }
  static var version: UInt64 { 0x6e_6f69_7372_6576 }
  static var quit: UInt64 { 0x7469_7571 }
  static var shutdown: UInt64 { 0x6e77_6f64_7475_6873 }
  static var mg: UInt64 { 0x676d }
  static var ms: UInt64 { 0x736d }
  static var md: UInt64 { 0x646d }
  static var ma: UInt64 { 0x616d }
  static var mn: UInt64 { 0x6e6d }
  static var me: UInt64 { 0x656d }
}

extension Server {
  static var keyByteLimit: Int { 250 }
  /// Line ending included. Only the keys of a retrieval may go on beyond it.
  private static var lineByteLimit: Int { Block.byteCount }

  /// Reads a command line at `offset`, or stores away what has come of it.
  @inline(__always)
  mutating func readLine(_ bytes: RawSpan, _ offset: Int) -> Int {
    let end = bytes.firstOffset(of: UInt8(ascii: "\n"), from: offset, to: bytes.byteCount)
    if session.block == Blocks.none, end < bytes.byteCount {
      guard end &+ 1 &- offset <= Self.lineByteLimit else {
        return offset &+ runLongLine(bytes.extracting(offset..<(offset &+ Self.lineByteLimit)))
      }
      return runLine(bytes, offset, end)
    }
    return collectLine(bytes, offset, end)
  }

  /// Adds `offset...end` to the line in the session's block, and runs it when it is complete.
  private mutating func collectLine(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> Int {
    let room = Self.lineByteLimit &- session.blockEnd
    let next = min(end &+ 1, bytes.byteCount, offset &+ room)
    guard wait(with: bytes.extracting(offset..<next)) else { return next }
    let line = waitingBytes()
    let last = line.byteCount &- 1
    let start: Int
    if line.octet(last) == UInt8(ascii: "\n") {
      start = runLine(line, 0, last)
    } else {
      guard line.byteCount == Self.lineByteLimit else { return next }
      start = runLongLine(line)
    }
    switch session.phase {
    case .keys: session.blockStart = start
    case .value where session.isMeta: break
    case .closed, .command, .value, .swallow, .skipLine, .closing: releaseBlock()
    }
    return next
  }

  /// Begins a retrieval whose line exceeds the limit, from its beginning; any other command of that
  /// length ends the connection. Returns where the keys begin.
  private mutating func runLongLine(_ bytes: RawSpan) -> Int {
    var fields = Fields(start: 0, end: bytes.byteCount)
    session.isQuiet = false
    guard let name = fields.next(in: bytes), name.end < bytes.byteCount,
      prepareRetrieval(nameValue(bytes, name), bytes, &fields), fields.offset < bytes.byteCount
    else {
      session.phase = .closing
      return bytes.byteCount
    }
    session.phase = .keys
    return fields.offset
  }

  private func nameValue(_ bytes: RawSpan, _ field: Field) -> UInt64 {
    guard field.byteCount <= 8 else { return 0 }
    return bytes.word(at: field.start) & (.max &>> UInt64(64 &- 8 &* field.byteCount))
  }

  /// Sets a session up for the keys of `get`, `gets`, `gat` or `gats`; false for other commands and
  /// bad expiration times.
  private mutating func prepareRetrieval(
    _ name: UInt64, _ bytes: RawSpan, _ fields: inout Fields
  ) -> Bool {
    session.namesUnique = name == Name.gets || name == Name.gats
    session.touches = name == Name.gat || name == Name.gats
    if name == Name.get || name == Name.gets { return true }
    guard session.touches, let field = fields.next(in: bytes), let time = bytes.signed(field)
    else { return false }
    session.expiry = store.expiry(time)
    return true
  }

  /// Runs the line in `start..<end` of `bytes`. Returns the offset at which reading goes on.
  @inline(__always)
  private mutating func runLine(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int {
    var lineEnd = end
    if lineEnd > start, bytes.octet(lineEnd &- 1) == UInt8(ascii: "\r") { lineEnd &-= 1 }
    var fields = Fields(start: start, end: lineEnd)
    session.isQuiet = false
    guard let field = fields.next(in: bytes) else {
      reply("ERROR\r\n")
      return end &+ 1
    }
    let name = nameValue(bytes, field)
    if name == Name.get || name == Name.gets || name == Name.gat || name == Name.gats {
      return startRetrieval(name, bytes, &fields, nextLine: end &+ 1)
    }
    run(name, bytes, field, fields)
    return end &+ 1
  }

  /// Checks a retrieval command and returns where its keys begin, or `nextLine` if it is refused.
  @inline(__always)
  private mutating func startRetrieval(
    _ name: UInt64, _ bytes: RawSpan, _ fields: inout Fields, nextLine: Int
  ) -> Int {
    var rest = fields
    guard rest.skipSpaces(in: bytes) else {
      reply("ERROR\r\n")
      return nextLine
    }
    guard prepareRetrieval(name, bytes, &fields) else {
      reply("CLIENT_ERROR invalid exptime argument\r\n")
      return nextLine
    }
    rest = fields
    if rest.end &- rest.offset > Self.keyByteLimit {
      while let key = rest.next(in: bytes) {
        guard key.byteCount <= Self.keyByteLimit else {
          reply("CLIENT_ERROR bad command line format\r\n")
          return nextLine
        }
      }
    }
    session.phase = .keys
    return fields.offset
  }

  private mutating func run(
    _ name: UInt64, _ bytes: RawSpan, _ field: Field, _ fields: Fields
  ) {
    switch name {
    case Name.set: startWrite(.set, bytes, fields, compares: false)
    case Name.mg: metaGet(bytes, fields)
    case Name.ms: metaSet(bytes, fields)
    case Name.md: metaDelete(bytes, fields)
    case Name.ma: metaArithmetic(bytes, fields)
    case Name.mn: reply("MN\r\n")
    case Name.me: metaDebug(bytes, fields)
    case Name.add: startWrite(.add, bytes, fields, compares: false)
    case Name.replace: startWrite(.replace, bytes, fields, compares: false)
    case Name.append: startWrite(.append, bytes, fields, compares: false)
    case Name.prepend: startWrite(.prepend, bytes, fields, compares: false)
    case Name.cas: startWrite(.set, bytes, fields, compares: true)
    case Name.incr: arithmetic(bytes, fields, decrements: false)
    case Name.decr: arithmetic(bytes, fields, decrements: true)
    case Name.delete: delete(bytes, fields)
    case Name.touch: touch(bytes, fields)
    case Name.stats: stats(bytes, fields)
    case Name.version: replyVersion()
    case Name.quit: session.phase = .closing
    case Name.shutdown: reply("ERROR: shutdown not enabled\r\n")
    default: runRare(bytes, field, fields)
    }
  }

  /// Commands whose names are longer than eight letters, and what is no command.
  private mutating func runRare(_ bytes: RawSpan, _ field: Field, _ fields: Fields) {
    let name = bytes.bytes(of: field)
    if name.isEqual(to: "flush_all") {
      flushAll(bytes, fields)
    } else if name.isEqual(to: "verbosity") {
      verbosity(bytes, fields)
    } else {
      reply("ERROR\r\n")
    }
  }

  /// Replies with a line, unless the command wants none.
  @inline(__always)
  mutating func reply(_ line: StaticString) {
    if !session.isQuiet { replies.append(line) }
  }

  private mutating func replyVersion() {
    replies.append("VERSION ")
    replies.append(Self.version)
    replies.append("\r\n")
  }

  /// Makes the command quiet if its line ends in `noreply`.
  mutating func readNoReply(_ bytes: RawSpan, _ fields: Fields) {
    session.isQuiet = fields.lastField(in: bytes, is: "noreply")
  }
}
