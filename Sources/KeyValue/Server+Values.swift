// Values on their way in: from the network straight into the memory of their item.

extension Server {
  /// Why a value is not wanted.
  enum Refusal { case tooLarge, outOfMemory }

  /// Gets an item for a value that is about to arrive. On failure nothing has changed.
  mutating func beginValue(
    key: RawSpan, byteCount: UInt64, flags: UInt32, expiry: UInt32
  ) -> Refusal? {
    store.counters.setCommands &+= 1
    guard byteCount <= UInt64(store.itemByteLimit),
      store.canHold(key: key.byteCount, value: Int(byteCount), flags: flags)
    else {
      store.counters.tooLarge &+= 1
      return .tooLarge
    }
    let item = store.allocate(
      key: key, hash: store.hashValue(key), valueByteCount: Int(byteCount), flags: flags,
      expiry: expiry)
    guard item != .none else { return .outOfMemory }
    store.memory.endValue(of: item)
    session.item = item
    session.receivedByteCount = 0
    session.phase = .value
    return nil
  }

  /// Drops the bytes of a refused value, and the item it was to replace: nobody should read a value
  /// that its owner believes to be overwritten.
  mutating func refuseValue(key: RawSpan, byteCount: UInt64) {
    let old = store.find(key, hash: store.hashValue(key))
    if old != .none { store.unlink(old) }
    swallow(byteCount: byteCount)
  }

  mutating func swallow(byteCount: UInt64) {
    session.swallowByteCount = byteCount
    session.phase = byteCount > 0 ? .swallow : .command
  }

  /// Takes in what there is of the value, and acts when it is complete.
  @inline(__always)
  mutating func readValue(_ bytes: RawSpan, _ offset: Int) -> Int {
    let item = session.item
    let lineEnding = session.format == .text ? 2 : 0
    let wanted = Int(store.memory[item].valueByteCount) &+ lineEnding &- session.receivedByteCount
    let count = min(wanted, bytes.byteCount &- offset)
    let part = bytes.extracting(offset..<(offset &+ count))
    store.memory.writeValue(of: item, at: session.receivedByteCount, part)
    session.receivedByteCount &+= count
    if count == wanted { finishValue() }
    return offset &+ count
  }

  /// Acts on a complete value.
  mutating func finishValue() {
    let item = session.item
    session.item = .none
    session.phase = .command
    if session.format == .binary { return finishBinaryWrite(item) }
    guard endsInLineEnding(item) else {
      store.release(item)
      releaseBlock()
      if session.isMeta { session.isQuiet = false }
      return reply("CLIENT_ERROR bad data chunk\r\n")
    }
    if session.isMeta { finishMetaSet(item) } else { finishTextWrite(item) }
  }

  private func endsInLineEnding(_ item: Item) -> Bool {
    let bytes = store.memory.valueAndLineEnding(of: item)
    let count = bytes.byteCount
    return bytes.octet(count &- 2) == UInt8(ascii: "\r")
      && bytes.octet(count &- 1) == UInt8(ascii: "\n")
  }
}
