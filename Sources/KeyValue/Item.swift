/// Names an item: its place in the store's memory, in units of 8 bytes.
struct Item: Equatable, BitwiseCopyable {
  let number: UInt32

  static var none: Item { Item(number: .max) }

  @inline(__always)
  var offset: Int { Int(number) &* 8 }

  @inline(__always)
  init(number: UInt32) { self.number = number }

  @inline(__always)
  init(offset: Int) { number = UInt32(truncatingIfNeeded: offset / 8) }

  @inline(__always)
  static func == (a: Item, b: Item) -> Bool { a.number == b.number }
}

/// What lies before an item's bytes: 48 bytes, followed by key, value and `\r\n`.
struct ItemHeader: BitwiseCopyable {
  /// Changes with every change of the value.
  var unique: UInt64 = 0
  /// The next item of the bucket.
  var nextInBucket = Item.none
  /// Towards the newest item of the class; for a free chunk, the next free one.
  var newer = Item.none
  /// Towards the oldest item of the class; for a free chunk, the previous free one.
  var older = Item.none
  var hash: UInt32 = 0
  /// The second from which on the item is gone; 0 is never.
  var expiry: UInt32 = 0
  /// The second of the last use.
  var accessed: UInt32 = 0
  /// The client's own word.
  var flags: UInt32 = 0
  var valueByteCount: UInt32 = 0
  /// Users of the memory besides the hash table: values in flight, a value being received.
  var referenceCount: UInt32 = 0
  /// Items of an earlier epoch have been flushed.
  var epoch: UInt16 = 0
  var keyByteCount: UInt8 = 0
  var state = ItemState()

  static var byteCount: Int { 48 }

  init() {}
}

/// Facts about an item, one bit each.
struct ItemState: BitwiseCopyable {
  private var bits: UInt8 = 0

  init() {}

  /// In the hash table and in its class's list.
  var isLinked: Bool {
    get { bits & 1 != 0 }
    set { set(1, newValue) }
  }
  /// In its class's list of free chunks.
  var isFree: Bool {
    get { bits & 2 != 0 }
    set { set(2, newValue) }
  }
  /// Read since it was stored.
  var isFetched: Bool {
    get { bits & 4 != 0 }
    set { set(4, newValue) }
  }
  /// Marked out of date by a client.
  var isStale: Bool {
    get { bits & 8 != 0 }
    set { set(8, newValue) }
  }
  /// Some client was told to renew it.
  var hasWinner: Bool {
    get { bits & 16 != 0 }
    set { set(16, newValue) }
  }
  /// The key came as base64 and goes out as base64.
  var hasBinaryKey: Bool {
    get { bits & 32 != 0 }
    set { set(32, newValue) }
  }

  @inline(__always)
  private mutating func set(_ bit: UInt8, _ isSet: Bool) {
    if isSet { bits |= bit } else { bits &= ~bit }
  }
}
