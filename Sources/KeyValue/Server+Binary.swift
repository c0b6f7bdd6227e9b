// The binary protocol: requests with a header of fixed size.

extension Server {
  /// Reads a request at `offset`, or stores away what has come of it.
  mutating func readRequest(_ bytes: RawSpan, _ offset: Int) -> Int {
    if session.block == Blocks.none {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      if let used = begin(rest) { return offset &+ used }
      _ = wait(with: rest)
      return bytes.byteCount
    }
    var next = offset
    // First the header, then what it announces.
    while next < bytes.byteCount {
      let waiting = waitingBytes()
      let wanted =
        waiting.byteCount < BinaryHeader.byteCount
        ? BinaryHeader.byteCount : BinaryHeader(waiting).headByteCount
      let count = min(wanted &- waiting.byteCount, bytes.byteCount &- next)
      guard wait(with: bytes.extracting(next..<(next &+ count))) else { return next }
      next &+= count
      if begin(waitingBytes()) != nil {
        releaseBlock()
        return next
      }
    }
    return next
  }

  /// Runs the request that `bytes` begin with. Returns how long its head is, nil when `bytes` do not
  /// have all of that.
  private mutating func begin(_ bytes: RawSpan) -> Int? {
    guard bytes.byteCount > 0 else { return nil }
    guard bytes.octet(0) == BinaryHeader.requestMagic else {
      session.phase = .closing
      return bytes.byteCount
    }
    guard bytes.byteCount >= BinaryHeader.byteCount else { return nil }
    let header = BinaryHeader(bytes)
    session.request = header
    guard header.valueByteCount >= 0 else {
      replyStatus(.unknownCommand)
      session.phase = .closing
      return bytes.byteCount
    }
    guard let command = header.command else {
      replyStatus(.unknownCommand)
      swallow(byteCount: UInt64(header.bodyByteCount))
      return BinaryHeader.byteCount
    }
    guard header.isWellFormed(for: command) else {
      replyStatus(.invalid)
      session.phase = .closing
      return bytes.byteCount
    }
    guard bytes.byteCount >= header.headByteCount else { return nil }
    let keyStart = BinaryHeader.byteCount &+ header.extrasByteCount
    run(
      command, extras: bytes.extracting(BinaryHeader.byteCount..<keyStart),
      key: bytes.extracting(keyStart..<header.headByteCount))
    return header.headByteCount
  }

  private mutating func run(_ command: BinaryCommand, extras: RawSpan, key: RawSpan) {
    session.isQuiet = command.isQuiet
    switch command.action {
    case .get: get(key, command, expiry: nil)
    case .getAndTouch:
      get(key, command, expiry: store.expiry(Int64(extras.bigEndian(at: 0) as UInt32)))
    case .touch: touch(key, extras)
    case .set: startBinaryWrite(.set, key, extras)
    case .add: startBinaryWrite(.add, key, extras)
    case .replace: startBinaryWrite(.replace, key, extras)
    case .append: startBinaryWrite(.append, key, extras)
    case .prepend: startBinaryWrite(.prepend, key, extras)
    case .delete: delete(key)
    case .increment: arithmetic(key, extras, decrements: false)
    case .decrement: arithmetic(key, extras, decrements: true)
    case .flush: flush(extras)
    case .noop: replySuccess()
    case .version:
      replyHeader(.success, bodyByteCount: Self.version.utf8CodeUnitCount)
      replies.append(Self.version)
    case .stat: stats(key)
    case .quit:
      replySuccess()
      session.phase = .closing
    }
  }

  private mutating func flush(_ extras: RawSpan) {
    store.counters.flushCommands &+= 1
    if extras.byteCount == 4 {
      store.flush(after: Int64(extras.bigEndian(at: 0) as UInt32))
    } else {
      store.flush()
    }
    replySuccess()
  }

  // MARK: Replies

  @inline(__always)
  mutating func replyHeader(
    _ status: BinaryStatus, key: Int = 0, extras: Int = 0, bodyByteCount: Int, unique: UInt64 = 0
  ) {
    replies.append(BinaryHeader.replyMagic)
    replies.append(session.request.opcode)
    replies.append(bigEndian: UInt16(truncatingIfNeeded: key))
    replies.append(UInt8(truncatingIfNeeded: extras))
    replies.append(0 as UInt8)
    replies.append(bigEndian: status.rawValue)
    replies.append(bigEndian: UInt32(truncatingIfNeeded: bodyByteCount))
    replies.append(bigEndian: session.request.opaque.bigEndian)
    replies.append(bigEndian: unique)
  }

  /// Replies that all is well, unless the command is quiet.
  mutating func replySuccess(unique: UInt64 = 0) {
    guard !session.isQuiet else { return }
    replyHeader(.success, bodyByteCount: 0, unique: unique)
  }

  /// Replies why a request failed.
  mutating func replyStatus(_ status: BinaryStatus) {
    replyHeader(status, bodyByteCount: status.text.utf8CodeUnitCount)
    replies.append(status.text)
  }
}
