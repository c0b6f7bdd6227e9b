// What most requests are, by the shortest way.

extension Server {
  /// Answers what connection `number` sent if it is the `get` of one key and nothing else, and its value
  /// is small: writes the whole answer to the beginning of `reply`. Returns its byte count; nil, with
  /// nothing done, for anything else, which is for `receive`.
  @inline(__always)
  package mutating func answerSingleGet(
    _ bytes: RawSpan, on number: UInt32, into reply: inout MutableRawSpan
  ) -> Int? {
    guard isIdleText(number), let key = Self.keyOfSingleGet(bytes),
      reply.byteCount >= Replies.answerByteLimit
    else { return nil }
    let item = store.find(key, hash: store.hashValue(key))
    let byteCount: Int
    if item == .none {
      countMiss()
      byteCount = Replies.writeEnd(to: &reply)
    } else {
      guard store.memory[item].valueByteCount <= Self.copiedByteLimit else { return nil }
      store.counters.getHits &+= 1
      store.noteUse(of: item)
      byteCount = Replies.writeAnswer(key: key, item, in: store.memory, to: &reply)
    }
    store.counters.getCommands &+= 1
    store.counters.bytesRead &+= UInt64(bitPattern: Int64(bytes.byteCount))
    store.counters.bytesWritten &+= UInt64(bitPattern: Int64(byteCount))
    return byteCount
  }

  /// The key if the request is "get", a space, one key and a line ending.
  @inline(__always)
  @_lifetime(copy bytes)
  private static func keyOfSingleGet(_ bytes: RawSpan) -> RawSpan? {
    let (start, end) = (4, bytes.byteCount &- 2)
    guard start < end, end &- start <= keyByteLimit, bytes.integer(at: 0) == getAndSpace,
      bytes.integer(at: end) == lineEnding, !bytes.hasBlank(from: start, to: end)
    else { return nil }
    return bytes.extracting(start..<end)
  }

  /// "get " as four bytes.
  private static var getAndSpace: UInt32 { (0x2074_6567 as UInt32).littleEndian }
  /// "\r\n" as two bytes.
  private static var lineEnding: UInt16 { (0x0A0D as UInt16).littleEndian }
}
