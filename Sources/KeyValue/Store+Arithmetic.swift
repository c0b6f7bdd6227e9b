/// What to add to an item's number.
struct Delta: BitwiseCopyable {
  var amount: UInt64 = 1
  /// Subtracts, stopping at zero; adding wraps around.
  var decrements = false
  var expected: UInt64?
  var unique: UInt64?
}

/// What became of a number.
enum ArithmeticOutcome {
  /// The new number, and the item that holds it now.
  case changed(UInt64, Item)
  case notNumeric, exists, outOfMemory
}

extension Store {
  /// Adds to the number that `item`, which is linked, holds.
  mutating func add(_ delta: Delta, to item: Item) -> ArithmeticOutcome {
    if let expected = delta.expected, memory[item].unique != expected { return .exists }
    guard memory[item].valueByteCount <= 64, let old = Decimal.value(memory.value(of: item)) else {
      return .notNumeric
    }
    let new: UInt64
    if delta.decrements {
      counters.decrementHits &+= 1
      new = old > delta.amount ? old &- delta.amount : 0
    } else {
      counters.incrementHits &+= 1
      new = old &+ delta.amount
    }
    noteUse(of: item)
    let digits = Decimal(new)
    if digits.byteCount <= Int(memory[item].valueByteCount), memory[item].referenceCount == 0 {
      overwrite(item, with: digits.bytes)
      memory[item].unique = delta.unique ?? nextUnique()
      return .changed(new, item)
    }
    return replace(item, with: digits.bytes, unique: delta.unique).map { .changed(new, $0) }
      ?? .outOfMemory
  }

  /// Writes `digits` over a value that nobody is sending, and spaces behind them.
  private mutating func overwrite(_ item: Item, with digits: RawSpan) {
    memory.writeValue(of: item, at: 0, digits)
    let space = InlineArray<1, UInt8>(repeating: UInt8(ascii: " "))
    var offset = digits.byteCount
    while offset < Int(memory[item].valueByteCount) {
      memory.writeValue(of: item, at: offset, space.bytes)
      offset &+= 1
    }
  }

  private mutating func replace(_ item: Item, with digits: RawSpan, unique: UInt64?) -> Item? {
    let new = replacement(for: item, value: digits, unique: unique)
    guard new != .none else { return nil }
    memory[new].state.isFetched = true
    return new
  }

  /// Replaces `item` by one without a value; `.none` without memory.
  mutating func emptied(_ item: Item) -> Item {
    replacement(for: item, value: RawSpan(), unique: nil)
  }

  /// Puts an item with the same key and facts in the place of `item`, which is linked.
  private mutating func replacement(for item: Item, value: RawSpan, unique: UInt64?) -> Item {
    retain(item)
    defer { release(item) }
    let header = memory[item]
    let new = create(
      key: memory.heldKey(of: item), hash: header.hash, value: value, flags: header.flags,
      expiry: header.expiry, unique: unique)
    guard new != .none else { return .none }
    memory[new].state.hasBinaryKey = header.state.hasBinaryKey
    if memory[item].state.isLinked { unlink(item) }
    release(new)
    return new
  }
}
