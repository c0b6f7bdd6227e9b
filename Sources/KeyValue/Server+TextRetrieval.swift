// get, gets, gat, gats: one key after the other, for as long as there is room for values.

extension Server {
  /// Answers keys from `offset` on, and from the session's block before that. Bytes of a key that
  /// has not arrived whole wait in the block.
  mutating func readKeys(_ bytes: RawSpan, _ offset: Int) -> Int {
    if session.block != Blocks.none { return readKeysOfBlock(bytes, offset) }
    let next = offset &+ answerKeys(bytes.extracting(offset..<bytes.byteCount))
    guard session.phase == .keys, hasRoom, next < bytes.byteCount else { return next }
    _ = wait(with: bytes.extracting(next..<bytes.byteCount))
    return bytes.byteCount
  }

  private mutating func readKeysOfBlock(_ bytes: RawSpan, _ offset: Int) -> Int {
    var next = offset
    compactBlock()
    let waiting = waitingBytes()
    let isComplete =
      waiting.byteCount > 0 && waiting.octet(waiting.byteCount &- 1) == UInt8(ascii: "\n")
    if !isComplete, offset < bytes.byteCount {
      let limit = min(bytes.byteCount, offset &+ Block.byteCount &- session.blockEnd)
      let end = bytes.firstOffset(of: UInt8(ascii: "\n"), from: offset, to: limit)
      next = min(end &+ 1, limit)
      guard wait(with: bytes.extracting(offset..<next)) else { return next }
    }
    session.blockStart &+= answerKeys(waitingBytes())
    if session.phase != .keys || session.blockStart == session.blockEnd { releaseBlock() }
    return next
  }

  /// Answers the complete keys in `bytes`. Returns how many bytes it is done with: all up to the
  /// next line once the line has ended, else all but an incomplete key.
  @inline(__always)
  private mutating func answerKeys(_ bytes: RawSpan) -> Int {
    let end = bytes.byteCount
    var offset = 0
    while hasRoom {
      while offset < end, bytes.octet(offset) == UInt8(ascii: " ") { offset &+= 1 }
      let start = offset
      offset = bytes.firstDelimiter(from: start, to: end)
      guard offset < end else {
        // The last byte may be a carriage return before the line's end.
        guard offset &- start > Self.keyByteLimit &+ 1 else { return start }
        refuseKeys(.skipLine)
        return end
      }
      let isLast = bytes.octet(offset) == UInt8(ascii: "\n")
      var key = Field(start: start, end: offset)
      if isLast, key.byteCount > 0, bytes.octet(offset &- 1) == UInt8(ascii: "\r") { key.end &-= 1 }
      guard key.byteCount <= Self.keyByteLimit else {
        refuseKeys(isLast ? .command : .skipLine)
        return isLast ? offset &+ 1 : offset
      }
      if key.byteCount > 0 { answer(bytes.bytes(of: key)) }
      if isLast {
        replies.append("END\r\n")
        session.phase = .command
        return offset &+ 1
      }
    }
    return offset
  }

  private mutating func refuseKeys(_ phase: Session.Phase) {
    replies.append("CLIENT_ERROR bad command line format\r\n")
    session.phase = phase
  }

  @inline(__always)
  private mutating func answer(_ key: RawSpan) {
    let item = fetch(key, expiry: session.touches ? session.expiry : nil)
    guard item != .none else { return }
    replies.appendValueLine(
      key: key, store.memory[item], namesUnique: session.namesUnique)
    replyValue(of: item, withLineEnding: true)
  }

  /// Looks an item up for a client, which counts, and gives it a new expiration time if there is
  /// one.
  @inline(__always)
  mutating func fetch(_ key: RawSpan, expiry: UInt32? = nil) -> Item {
    store.counters.getCommands &+= 1
    let item = store.find(key, hash: store.hashValue(key))
    if let expiry {
      store.counters.touchCommands &+= 1
      if item == .none {
        store.counters.touchMisses &+= 1
      } else {
        store.counters.touchHits &+= 1
        store.memory[item].expiry = expiry
      }
    }
    guard item != .none else {
      countMiss()
      return .none
    }
    store.counters.getHits &+= 1
    store.noteUse(of: item)
    return item
  }

  mutating func countMiss() {
    store.counters.getMisses &+= 1
    switch store.lastMiss {
    case .absent: break
    case .expired: store.counters.getExpired &+= 1
    case .flushed: store.counters.getFlushed &+= 1
    }
  }

  /// Adds a value to the replies: a copy of a small one, a loan of any other.
  @inline(__always)
  mutating func replyValue(of item: Item, withLineEnding: Bool) {
    let byteCount = Int(store.memory[item].valueByteCount) &+ (withLineEnding ? 2 : 0)
    if byteCount <= Self.copiedByteLimit &+ 2 {
      replies.append(valueOf: item, byteCount: byteCount, in: store.memory)
    } else {
      store.retain(item)
      replies.lend(item, byteCount: byteCount)
    }
  }

  /// Larger values are sent from where they lie.
  static var copiedByteLimit: Int { 128 }
}
