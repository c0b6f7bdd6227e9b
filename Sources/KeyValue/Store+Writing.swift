/// What a value that has arrived is to do.
struct Write: BitwiseCopyable {
  enum Mode: UInt8 { case set, add, replace, append, prepend }

  var mode = Mode.set
  /// Store only if the item's `unique` is still this one.
  var expected: UInt64?
  /// The `unique` the item is to get, instead of the next number.
  var unique: UInt64?
  /// An item newer than `expected` is replaced all the same, and marked stale.
  var invalidates = false
  /// What is appended to a key that does not exist becomes an item, with this expiration time.
  var vivifies: UInt32?
}

/// What became of a write.
enum WriteOutcome: UInt8 {
  case stored, notStored, exists, notFound, outOfMemory
}

extension Store {
  /// Decides about an item whose value has arrived, and takes over the caller's reference to it. The
  /// item the key has afterwards comes back with a reference if the write succeeded.
  mutating func commit(_ new: Item, _ write: Write) -> (outcome: WriteOutcome, item: Item) {
    let old = find(memory.heldKey(of: new), hash: memory[new].hash)
    var isStale = false
    let verdict = judge(write, old, &isStale)
    guard verdict == .stored else {
      release(new)
      return (verdict, .none)
    }
    switch write.mode {
    case .append, .prepend:
      if old != .none { return join(old, new, write) }
      memory[new].expiry = write.vivifies ?? 0
    case .set, .add, .replace: break
    }
    if old != .none { unlink(old) }
    memory[new].state.isStale = isStale
    link(new, unique: write.unique)
    return (.stored, new)
  }

  private mutating func judge(
    _ write: Write, _ old: Item, _ isStale: inout Bool
  ) -> WriteOutcome {
    guard old != .none else {
      switch write.mode {
      case .append, .prepend: return write.vivifies == nil ? .notStored : .stored
      case .set, .add:
        guard write.expected != nil else { return write.mode == .replace ? .notStored : .stored }
      case .replace: guard write.expected != nil else { return .notStored }
      }
      counters.compareMisses &+= 1
      return .notFound
    }
    if let expected = write.expected {
      if memory[old].unique == expected {
        counters.compareHits &+= 1
        return .stored
      }
      isStale = write.invalidates && expected < memory[old].unique
      if isStale { return .stored }
      counters.compareMismatches &+= 1
      return .exists
    }
    guard write.mode == .add else { return .stored }
    noteUse(of: old)
    return .notStored
  }

  /// Stores the values of `old` and `new`, in the order `write` wants, in an item of their own.
  private mutating func join(
    _ old: Item, _ new: Item, _ write: Write
  ) -> (outcome: WriteOutcome, item: Item) {
    retain(old)
    defer {
      release(old)
      release(new)
    }
    let key = memory.heldKey(of: new)
    let oldCount = Int(memory[old].valueByteCount)
    let newCount = Int(memory[new].valueByteCount)
    guard canHold(key: key.byteCount, value: oldCount &+ newCount, flags: memory[old].flags) else {
      return (.notStored, .none)
    }
    let joined = allocate(
      key: key, hash: memory[new].hash, valueByteCount: oldCount &+ newCount,
      flags: memory[old].flags, expiry: memory[old].expiry)
    guard joined != .none else { return (.notStored, .none) }
    let isAppended = write.mode == .append
    memory.copyValue(of: old, to: joined, at: isAppended ? 0 : newCount)
    memory.copyValue(of: new, to: joined, at: isAppended ? oldCount : 0)
    memory.endValue(of: joined)
    if memory[old].state.isLinked { unlink(old) }
    link(joined, unique: write.unique)
    return (.stored, joined)
  }

  /// Whether an item is within the size limit.
  func canHold(key: Int, value: Int, flags: UInt32) -> Bool {
    Self.nominalByteCount(key: key, value: value, hasFlags: flags != 0) <= itemByteLimit
  }

  /// A linked item that holds `value`, with a reference for the caller; `.none` without memory.
  mutating func create(
    key: RawSpan, hash: UInt32, value: RawSpan, flags: UInt32, expiry: UInt32,
    unique: UInt64? = nil
  ) -> Item {
    let item = allocate(
      key: key, hash: hash, valueByteCount: value.byteCount, flags: flags, expiry: expiry)
    guard item != .none else { return .none }
    memory.writeValue(of: item, at: 0, value)
    memory.endValue(of: item)
    link(item, unique: unique)
    return item
  }
}
