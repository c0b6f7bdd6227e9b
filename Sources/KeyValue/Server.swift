/// A memcached server without its network: bytes of requests go in, bytes of replies come out.
///
/// Call `receive` with what a connection delivered, send the replies it left, in order, and call it
/// again with what it did not consume when the peer has taken some of them. Connections are numbers
/// of the caller's choice, densely used from 0.
package struct Server: ~Copyable {
  var store: Store
  var replies = Replies()
  var blocks: Blocks
  private var sessions: Table<Session>
  let settings: Settings
  /// Holds a key decoded from base64.
  let scratch = Block.make()
  /// Replies of this turn end where they reach so many bytes.
  private var replyLimit = 0
  /// The connection being served.
  private var current = 0
  private(set) var connectionCount = 0

  /// Takes `settings.memoryLimit` bytes and some 5 % more from the heap.
  package init(_ settings: Settings) {
    store = Store(settings)
    blocks = Blocks(limit: min(settings.connectionLimit, 4096))
    sessions = Table(count: 64, repeating: Session())
    self.settings = settings
  }

  /// Tells the time: whole seconds since the start.
  package mutating func advance(to second: UInt32) { store.advance(to: second) }

  /// What `receive` did.
  package struct Progress: BitwiseCopyable {
    /// Bytes the server is done with; the others are to be presented again, in front of any that
    /// came later.
    package var consumedByteCount: Int
    /// There is more to do even without further bytes: call again when there is room.
    package var isBlocked: Bool
    /// Send the replies, then close the connection.
    package var wantsClose: Bool
  }

  // MARK: Connections

  /// A connection begins. False when there are too many: refuse it.
  package mutating func connected(_ number: UInt32) -> Bool {
    guard connectionCount < settings.connectionLimit else {
      store.counters.rejectedConnections &+= 1
      return false
    }
    var count = sessions.count
    while Int(number) >= count { count &*= 2 }
    if count > sessions.count { extendSessions(to: count) }
    sessions[number] = Session()
    sessions[number].phase = .command
    connectionCount &+= 1
    store.counters.totalConnections &+= 1
    return true
  }

  private mutating func extendSessions(to count: Int) {
    var larger = Table(count: count, repeating: Session())
    for index in 0..<sessions.count { larger[index] = sessions[index] }
    sessions = larger
  }

  /// A connection has ended; what it held is freed.
  package mutating func ended(_ number: UInt32) {
    guard Int(number) < sessions.count, sessions[number].phase != .closed else { return }
    current = Int(number)
    releaseBlock()
    if session.item != .none { store.release(session.item) }
    sessions[number] = Session()
    connectionCount &-= 1
  }

  var session: Session {
    @inline(__always)
    _read { yield sessions[current] }
    @inline(__always)
    _modify { yield &sessions[current] }
  }

  /// Whether connection `number` speaks the text protocol and a command comes next, of which nothing has
  /// come yet.
  @inline(__always)
  func isIdleText(_ number: UInt32) -> Bool {
    Int(number) < sessions.count && sessions[number].isIdleText
  }

  // MARK: Requests

  /// Serves what connection `number` sent. Stops, with bytes left over, when the replies come to
  /// `room` bytes; they may be larger by one value.
  package mutating func receive(
    _ bytes: RawSpan, on number: UInt32, room: Int
  ) -> Progress {
    replies.removeAll()
    guard Int(number) < sessions.count, sessions[number].phase != .closed else {
      return Progress(
        consumedByteCount: bytes.byteCount, isBlocked: false, wantsClose: true)
    }
    current = Int(number)
    replyLimit = room
    let offset = serve(bytes)
    store.counters.bytesRead &+= UInt64(offset)
    store.counters.bytesWritten &+= UInt64(replies.byteCount)
    return Progress(
      consumedByteCount: offset,
      isBlocked: offset < bytes.byteCount || (session.phase == .keys && !hasRoom),
      wantsClose: session.phase == .closing)
  }

  /// Whether another command, or key of one, may be answered in this turn.
  @inline(__always)
  var hasRoom: Bool { replies.hasRoom && replies.byteCount < replyLimit }

  private mutating func serve(_ bytes: RawSpan) -> Int {
    let end = bytes.byteCount
    var offset = 0
    while hasRoom {
      switch session.phase {
      case .command:
        guard offset < end else { return offset }
        offset = readCommand(bytes, offset)
      case .keys:
        offset = readKeys(bytes, offset)
        if session.phase == .keys, offset == end { return offset }
      case .value:
        guard offset < end else { return offset }
        offset = readValue(bytes, offset)
      case .swallow:
        guard offset < end else { return offset }
        offset = swallow(bytes, offset)
      case .skipLine:
        guard offset < end else { return offset }
        offset = skipLine(bytes, offset)
      case .closing, .closed: return end
      }
    }
    return offset
  }

  @inline(__always)
  private mutating func readCommand(_ bytes: RawSpan, _ offset: Int) -> Int {
    switch session.format {
    case .text: return readLine(bytes, offset)
    case .binary: return readRequest(bytes, offset)
    case .undecided:
      let isBinary = bytes.octet(offset) == BinaryHeader.requestMagic
      session.format = isBinary ? .binary : .text
      return offset
    }
  }

  private mutating func swallow(_ bytes: RawSpan, _ offset: Int) -> Int {
    let count = min(UInt64(bytes.byteCount &- offset), session.swallowByteCount)
    session.swallowByteCount &-= count
    if session.swallowByteCount == 0 { session.phase = .command }
    return offset &+ Int(count)
  }

  private mutating func skipLine(_ bytes: RawSpan, _ offset: Int) -> Int {
    let end = bytes.firstOffset(of: UInt8(ascii: "\n"), from: offset, to: bytes.byteCount)
    guard end < bytes.byteCount else { return end }
    session.phase = .command
    return end &+ 1
  }

  // MARK: Replies

  /// Parts of the replies of the last `receive`.
  package var replyCount: Int { replies.pieceCount }

  /// The word to give to `returned(loan:)` when part `index` has been sent; nil for bytes that must
  /// be copied before the next call of `receive`.
  package func replyLoan(_ index: Int) -> UInt64? {
    let item = replies.piece(index).item
    return item == .none ? nil : UInt64(item.number)
  }

  /// The bytes of part `index`. Those of a loan stay unchanged until it is returned.
  @_lifetime(borrow self)
  package func replyBytes(_ index: Int) -> RawSpan {
    let piece = replies.piece(index)
    guard piece.item != .none else { return replies.bytes(of: piece) }
    return store.memory.valueAndLineEnding(of: piece.item).extracting(first: piece.byteCount)
  }

  /// The whole reply, when nothing of it is lent: bytes that must be copied before the next call of
  /// `receive`.
  package var copiedReply: RawSpan? {
    @_lifetime(borrow self)
    @inline(__always)
    get { replies.isCopied ? replies.copied : nil }
  }

  /// A value that `replyLoan` named has been sent, or never will be.
  package mutating func returned(loan: UInt64) {
    store.release(Item(number: UInt32(truncatingIfNeeded: loan)))
  }
}
