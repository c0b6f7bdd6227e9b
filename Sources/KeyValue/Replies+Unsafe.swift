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
  private(set) var pieceCount = 0
  /// Everything, values included.
  private(set) var byteCount = 0

  static var capacity: Int { 64 << 10 }
  /// More than any command appends; a multiple get counts as one command per key.
  static var reserve: Int { 32 << 10 }

  init() { unsafe base = .allocate(byteCount: Self.capacity, alignment: 64) }

  deinit { unsafe base.deallocate() }

  @inline(__always)
  var hasRoom: Bool { count < Self.capacity &- Self.reserve && pieceCount &+ 4 < pieces.count }

  mutating func removeAll() {
    count = 0
    openStart = 0
    pieceCount = 0
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
    // "VALUE ", as an integer of which the last two bytes are written over.
    unsafe start.storeBytes(of: (0x2045_554C_4156 as UInt64).littleEndian, as: UInt64.self)
    var end = unsafe start + 6
    unsafe key.withUnsafeBytes {
      guard let bytes = $0.baseAddress else { return }
      unsafe end.copyMemory(from: bytes, byteCount: $0.count)
      unsafe end += $0.count
    }
    unsafe Self.store(UInt64(header.flags), at: &end)
    unsafe Self.store(UInt64(header.valueByteCount), at: &end)
    if namesUnique { unsafe Self.store(header.unique, at: &end) }
    unsafe end.storeBytes(of: (0x0A0D as UInt16).littleEndian, as: UInt16.self)
    let written = unsafe end + 2 - start
    count &+= written
    byteCount &+= written
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
    closePiece()
    pieces[pieceCount] = Piece(item: item, start: 0, byteCount: byteCount)
    pieceCount &+= 1
    self.byteCount &+= byteCount
  }

  /// Makes the bytes appended so far a piece.
  mutating func closePiece() {
    guard count > openStart else { return }
    pieces[pieceCount] = Piece(item: .none, start: openStart, byteCount: count &- openStart)
    pieceCount &+= 1
    openStart = count
  }

  // MARK: Taking out

  func piece(_ index: Int) -> Piece { pieces[index] }

  @_lifetime(borrow self)
  func bytes(of piece: Piece) -> RawSpan {
    // SAFETY: pieces lie within the bytes appended.
    let span = unsafe RawSpan(_unsafeStart: base + piece.start, byteCount: piece.byteCount)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
