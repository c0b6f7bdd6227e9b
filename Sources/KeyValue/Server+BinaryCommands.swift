// Binary requests about one key.

extension Server {
  mutating func get(_ key: RawSpan, _ command: BinaryCommand, expiry: UInt32?) {
    let item = fetch(key, expiry: expiry)
    guard item != .none else {
      guard !session.isQuiet else { return }
      guard command.hasKey else { return replyStatus(.notFound) }
      replyHeader(.notFound, key: key.byteCount, bodyByteCount: key.byteCount)
      return replies.append(key)
    }
    let header = store.memory[item]
    let keyByteCount = command.hasKey ? key.byteCount : 0
    replyHeader(
      .success, key: keyByteCount, extras: 4,
      bodyByteCount: 4 &+ keyByteCount &+ Int(header.valueByteCount), unique: header.unique)
    replies.append(bigEndian: header.flags)
    if command.hasKey { replies.append(key) }
    replyValue(of: item, withLineEnding: false)
  }

  mutating func touch(_ key: RawSpan, _ extras: RawSpan) {
    store.counters.touchCommands &+= 1
    let item = store.find(key, hash: store.hashValue(key))
    guard item != .none else {
      store.counters.touchMisses &+= 1
      return replyStatus(.notFound)
    }
    store.counters.touchHits &+= 1
    store.memory[item].expiry = store.expiry(Int64(extras.bigEndian(at: 0) as UInt32))
    store.noteUse(of: item)
    replyHeader(.success, extras: 4, bodyByteCount: 4, unique: store.memory[item].unique)
    replies.append(bigEndian: store.memory[item].flags)
  }

  mutating func delete(_ key: RawSpan) {
    let item = store.find(key, hash: store.hashValue(key))
    guard item != .none else {
      store.counters.deleteMisses &+= 1
      return replyStatus(.notFound)
    }
    let expected = session.request.unique
    guard expected == 0 || expected == store.memory[item].unique else {
      return replyStatus(.exists)
    }
    store.counters.deleteHits &+= 1
    store.unlink(item)
    replySuccess()
  }

  /// Extras: amount, initial value, expiration time; all ones for the last forbids to create.
  mutating func arithmetic(_ key: RawSpan, _ extras: RawSpan, decrements: Bool) {
    let time: UInt32 = extras.bigEndian(at: 16)
    let item = store.find(key, hash: store.hashValue(key))
    guard item != .none else {
      countArithmeticMiss(decrements: decrements)
      guard time != .max else { return replyStatus(.notFound) }
      return create(key, number: extras.bigEndian(at: 8), time: time)
    }
    var delta = Delta(amount: extras.bigEndian(at: 0), decrements: decrements)
    if session.request.unique != 0 { delta.expected = session.request.unique }
    switch store.add(delta, to: item) {
    case .changed(let value, let item): replyNumber(value, of: item)
    case .notNumeric: replyStatus(.notNumeric)
    case .exists: replyStatus(.exists)
    case .outOfMemory: replyStatus(.outOfMemory)
    }
  }

  private mutating func create(_ key: RawSpan, number: UInt64, time: UInt32) {
    let item = store.create(
      key: key, hash: store.hashValue(key), value: Decimal(number).bytes, flags: 0,
      expiry: store.expiry(Int64(time)))
    guard item != .none else { return replyStatus(.outOfMemory) }
    replyNumber(number, of: item)
    store.release(item)
  }

  private mutating func replyNumber(_ value: UInt64, of item: Item) {
    guard !session.isQuiet else { return }
    replyHeader(.success, bodyByteCount: 8, unique: store.memory[item].unique)
    replies.append(bigEndian: value)
  }

  /// Extras: flags and expiration time; none for `append` and `prepend`.
  mutating func startBinaryWrite(_ mode: Write.Mode, _ key: RawSpan, _ extras: RawSpan) {
    let flags: UInt32 = extras.byteCount == 8 ? extras.bigEndian(at: 0) : 0
    let time: UInt32 = extras.byteCount == 8 ? extras.bigEndian(at: 4) : 0
    session.write = Write(mode: mode)
    if session.request.unique != 0 { session.write.expected = session.request.unique }
    let byteCount = UInt64(session.request.valueByteCount)
    let refusal = beginValue(
      key: key, byteCount: byteCount, flags: flags, expiry: store.expiry(Int64(time)))
    if let refusal {
      switch refusal {
      case .tooLarge: replyStatus(.tooLarge)
      case .outOfMemory: replyStatus(.outOfMemory)
      }
      refuseValue(key: key, byteCount: byteCount)
    } else if byteCount == 0 {
      finishValue()
    }
  }

  mutating func finishBinaryWrite(_ item: Item) {
    let mode = session.write.mode
    let (outcome, stored) = store.commit(item, session.write)
    switch outcome {
    case .stored: replySuccess(unique: store.memory[stored].unique)
    case .exists: replyStatus(.exists)
    case .notFound: replyStatus(.notFound)
    case .outOfMemory: replyStatus(.outOfMemory)
    case .notStored:
      switch mode {
      case .set, .append, .prepend: replyStatus(.notStored)
      case .add: replyStatus(.exists)
      case .replace: replyStatus(.notFound)
      }
    }
    if stored != .none { store.release(stored) }
  }
}
