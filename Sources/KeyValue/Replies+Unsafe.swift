/// Replies of one turn: bytes in a buffer of their own, and values that go out from where they lie,
/// in the order they are to be sent.
///
/// A command starts only while `hasRoom`, which leaves enough for any command's reply, so that
/// appending cannot fail.
@safe
struct Replies: ~Copyable {
  /// A part of the replies.
  struct Piece: BitwiseCopyable {
    /// The item whose value this is, `.none` for bytes of the buffer.
    var item: Item
    var start: Int
    var byteCount: Int
  }

  private let base: UnsafeMutableRawPointer
  private var count = 0
  /// Where the bytes begin that belong to no piece yet.
  private var openStart = 0
  private var pieces = Table(count: 256, repeating: Piece(item: .none, start: 0, byteCount: 0))
  private var closedPieceCount = 0
  /// Everything, values included.
  private(set) var byteCount = 0

  static var capacity: Int { 64 << 10 }
  /// More than any command appends; a multiple get counts as one command per key.
  static var reserve: Int { 32 << 10 }

  init() { unsafe base = .allocate(byteCount: Self.capacity, alignment: 64) }

  deinit { unsafe base.deallocate() }

  @inline(__always)
  var hasRoom: Bool {
    count < Self.capacity &- Self.reserve && closedPieceCount &+ 4 < pieces.count
  }

  mutating func removeAll() {
    count = 0
    openStart = 0
    closedPieceCount = 0
    byteCount = 0
  }

  // MARK: Appending

  @inline(__always)
  mutating func append(_ bytes: RawSpan) {
    let byteCount = bytes.byteCount
    precondition(byteCount <= Self.capacity &- count, "a reply is larger than the reserve")
    guard byteCount > 0 else { return }
    // SAFETY: there is room; the buffer is this value's alone.
    unsafe bytes.withUnsafeBytes {
      unsafe (base + count).copyMemory(
        from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
    }
    count &+= byteCount
    self.byteCount &+= byteCount
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    // SAFETY: a static string's bytes live for ever.
    unsafe append(RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount))
  }

  @inline(__always)
  mutating func append(_ octet: UInt8) { append(bigEndian: octet) }

  @inline(__always)
  mutating func append(decimal value: UInt64) { append(Decimal(value).bytes) }

  @inline(__always)
  mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(bigEndian value: Value) {
    let size = MemoryLayout<Value>.size
    precondition(size <= Self.capacity &- count, "a reply is larger than the reserve")
    // SAFETY: there is room.
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: Value.self)
    count &+= size
    byteCount &+= size
  }

  /// Appends `VALUE <key> <flags> <bytes>[ <unique>]` and a line ending: the most frequent line, with
  /// its space checked once.
  @inline(__always)
  mutating func appendValueLine(key: RawSpan, _ header: ItemHeader, namesUnique: Bool) {
    let isShort = key.byteCount &+ 64 <= Self.capacity &- count
    precondition(isShort, "a reply is larger than the reserve")
    // SAFETY: the fixed parts and three numbers have at most 64 bytes; there is room for them.
    let start = unsafe base + count
    var end = unsafe start
    unsafe Self.storeValueLine(key: key, header, namesUnique: namesUnique, at: &end)
    let written = unsafe end - start
    count &+= written
    byteCount &+= written
  }

  /// Stores that line at `end`, where there is room for it, and moves `end` behind it.
  @unsafe
  @inline(__always)
  private static func storeValueLine(
    key: RawSpan, _ header: ItemHeader, namesUnique: Bool, at end: inout UnsafeMutableRawPointer
  ) {
    // "VALUE ", as an integer of which the last two bytes are written over.
    unsafe end.storeBytes(of: (0x2045_554C_4156 as UInt64).littleEndian, as: UInt64.self)
    unsafe end += 6
    unsafe store(key, at: &end)
    if header.flags < 10, header.valueByteCount < 10, !namesUnique {
      // " 0 0\r\n" and two bytes that are written over.
      let digits = UInt64(header.flags) &<< 8 | UInt64(header.valueByteCount) &<< 24
      unsafe end.storeBytes(
        of: (0x0A0D_3020_3020 | digits as UInt64).littleEndian, as: UInt64.self)
      unsafe end += 6
      return
    }
    unsafe store(UInt64(header.flags), at: &end)
    unsafe store(UInt64(header.valueByteCount), at: &end)
    if namesUnique { unsafe store(header.unique, at: &end) }
    unsafe end.storeBytes(of: (0x0A0D as UInt16).littleEndian, as: UInt16.self)
    unsafe end += 2
  }

  /// Stores `bytes` at `end`, and moves it behind them.
  @unsafe
  @inline(__always)
  private static func store(_ bytes: RawSpan, at end: inout UnsafeMutableRawPointer) {
    unsafe bytes.withUnsafeBytes {
      guard let first = $0.baseAddress else { return }
      unsafe end.copyMemory(from: first, byteCount: $0.count)
      unsafe end += $0.count
    }
  }

  /// Room that any answer to a `get` of one key fits in, if its value is copied.
  static var answerByteLimit: Int { Server.keyByteLimit &+ Server.copiedByteLimit &+ 80 }

  /// Writes the answer to a `get` that finds nothing; returns its byte count.
  @inline(__always)
  static func writeEnd(to reply: inout MutableRawSpan) -> Int {
    // "END\r\n" and three bytes that do not count.
    reply.storeBytes(of: (0x0A_0D44_4E45 as UInt64).littleEndian, as: UInt64.self)
    return 5
  }

  /// Writes the whole answer to a `get` of one key to the beginning of `reply`: its line, the value and
  /// the end. Returns how many bytes they are.
  @inline(__always)
  static func writeAnswer(
    key: RawSpan, _ item: Item, in memory: borrowing ItemMemory, to reply: inout MutableRawSpan
  ) -> Int {
    let value = memory.valueAndLineEnding(of: item)
    precondition(reply.byteCount >= key.byteCount &+ value.byteCount &+ 78)
    return unsafe reply.withUnsafeMutableBytes {
      // SAFETY: there is room, and it is this call's alone.
      let start = unsafe $0.baseAddress.unsafelyUnwrapped
      var end = unsafe start
      unsafe storeValueLine(key: key, memory[item], namesUnique: false, at: &end)
      unsafe store(value, at: &end)
      // "END\r\n" and three bytes that do not count.
      unsafe end.storeBytes(of: (0x0A_0D44_4E45 as UInt64).littleEndian, as: UInt64.self)
      return unsafe end + 5 - start
    }
  }

  /// Stores a space and `number` in decimal, and moves `end` behind them.
  @unsafe
  @inline(__always)
  private static func store(_ number: UInt64, at end: inout UnsafeMutableRawPointer) {
    unsafe end.storeBytes(of: UInt8(ascii: " "), as: UInt8.self)
    if number < 10 {
      let digit = UInt8(truncatingIfNeeded: number) &+ UInt8(ascii: "0")
      unsafe end.storeBytes(of: digit, toByteOffset: 1, as: UInt8.self)
      unsafe end += 2
    } else {
      let digits = Decimal(number)
      unsafe digits.bytes.withUnsafeBytes {
        unsafe (end + 1).copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
      }
      unsafe end += 1 + digits.byteCount
    }
  }

  /// Copies the first `byteCount` bytes of a value and its line ending.
  @inline(__always)
  mutating func append(valueOf item: Item, byteCount: Int, in memory: borrowing ItemMemory) {
    append(memory.valueAndLineEnding(of: item).extracting(first: byteCount))
  }

  /// Adds `byteCount` bytes of the value of `item`, which has been retained for it.
  mutating func lend(_ item: Item, byteCount: Int) {
    if hasOpenPiece { close(openPiece) }
    openStart = count
    close(Piece(item: item, start: 0, byteCount: byteCount))
    self.byteCount &+= byteCount
  }

  private mutating func close(_ piece: Piece) {
    pieces[closedPieceCount] = piece
    closedPieceCount &+= 1
  }

  /// The bytes behind the last value.
  private var openPiece: Piece {
    Piece(item: .none, start: openStart, byteCount: count &- openStart)
  }

  private var hasOpenPiece: Bool { count > openStart }

  // MARK: Taking out

  var pieceCount: Int { closedPieceCount &+ (hasOpenPiece ? 1 : 0) }

  func piece(_ index: Int) -> Piece { index < closedPieceCount ? pieces[index] : openPiece }

  /// Whether no value is lent.
  @inline(__always)
  var isCopied: Bool { closedPieceCount == 0 }

  /// All bytes of the buffer.
  @inline(__always)
  var copied: RawSpan {
    @_lifetime(borrow self)
    get { bytes(of: Piece(item: .none, start: 0, byteCount: count)) }
  }

  @inline(__always)
  @_lifetime(borrow self)
  func bytes(of piece: Piece) -> RawSpan {
    // SAFETY: pieces lie within the bytes appended.
    let span = unsafe RawSpan(_unsafeStart: base + piece.start, byteCount: piece.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
