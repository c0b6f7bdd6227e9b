/// Items in a fixed amount of memory: slab classes, a hash table of fixed size, and per class the
/// order in which items were used. Nothing is allocated after `init`.
///
/// Time is whole seconds, told by `advance(to:)`. Items whose time has come are removed when they
/// are met.
struct Store: ~Copyable {
  var memory: ItemMemory
  var pages: Table<Page>
  var classes: Table<SlabClass>
  private var buckets: Table<Item>
  private let hash: KeyHash
  let pageShift: Int
  let itemByteLimit: Int
  let evicts: Bool
  var counters = Counters()
  var itemCount = 0
  /// Pages that belong to no class are the last ones.
  var usedPageCount = 0
  /// Seconds since the start, two at first so that a time can lie in the past.
  private(set) var clock: UInt32 = 2
  /// Second of the last page that was moved to balance classes.
  var balancedAt: UInt32 = 2
  private let unixTime: UInt64
  private var epoch: UInt16 = 0
  private var flushTime = UInt32.max
  private var lastUnique: UInt64 = 0
  /// Why the last `find` that found nothing did not.
  private(set) var lastMiss = Miss.absent

  enum Miss: UInt8 { case absent, expired, flushed }

  init(_ settings: Settings) {
    var shift = 20
    while 1 << shift < settings.itemByteLimit { shift &+= 1 }
    pageShift = shift
    itemByteLimit = settings.itemByteLimit
    evicts = settings.evicts
    unixTime = settings.unixTime
    hash = KeyHash(seed: settings.hashSeed)
    let pageCount = max(settings.memoryLimit >> shift, 1)
    memory = ItemMemory(byteCount: pageCount << shift)
    pages = Table(count: pageCount, repeating: Page())
    classes = SlabClass.all(pageByteCount: 1 << shift)
    var bucketCount = 1024
    while bucketCount < memory.byteCount / 128 { bucketCount &*= 2 }
    buckets = Table(count: bucketCount, repeating: .none)
  }

  // MARK: Time

  /// Tells the time: whole seconds since the start. It never goes back.
  mutating func advance(to second: UInt32) {
    guard second &+ 2 > clock else { return }
    clock = second &+ 2
    guard clock >= flushTime else { return }
    flushTime = .max
    flush()
  }

  /// When an item expires that a client gave the time `seconds`: 0 is never, up to 30 days it counts
  /// from now, beyond that from 1970, and what is negative has already passed.
  func expiry(_ seconds: Int64) -> UInt32 {
    guard seconds != 0 else { return 0 }
    let past = clock &- 1
    guard seconds > 0 else { return past }
    guard seconds > 60 * 60 * 24 * 30 else { return UInt32(clamping: Int64(clock) &+ seconds) }
    let sinceStart = UInt64(seconds).subtractingReportingOverflow(unixTime)
    guard !sinceStart.overflow else { return past }
    return max(UInt32(clamping: sinceStart.partialValue.addingSaturating(2)), past)
  }

  /// Seconds since 1970, or since the start when nobody knows.
  var unixClock: UInt64 { unixTime &+ UInt64(clock &- 2) }

  /// Makes every item of now a miss, in constant time: items of an earlier epoch are dead.
  mutating func flush() {
    if epoch == .max {
      removeAll()
      epoch = 0
    } else {
      epoch &+= 1
    }
  }

  /// Flushes when `seconds`, understood like an expiration time, has come.
  mutating func flush(after seconds: Int64) {
    let time = expiry(seconds)
    if time <= clock { flush() } else { flushTime = time }
  }

  /// A number no item has had.
  mutating func nextUnique() -> UInt64 {
    lastUnique &+= 1
    return lastUnique
  }

  var bucketCount: Int { buckets.count }

  // MARK: Lookup

  @inline(__always)
  func hashValue(_ key: RawSpan) -> UInt32 { hash(key) }

  /// The living item with `key`, `.none` when there is none.
  @inline(__always)
  mutating func find(_ key: RawSpan, hash: UInt32) -> Item {
    var item = buckets[Int(hash) & (buckets.count &- 1)]
    while item != .none {
      if memory[item].hash == hash, memory.key(of: item).isEqual(to: key) {
        if isAlive(item) { return item }
        lastMiss = memory[item].epoch == epoch ? .expired : .flushed
        reclaim(item)
        return .none
      }
      item = memory[item].nextInBucket
    }
    lastMiss = .absent
    return .none
  }

  @inline(__always)
  private func isAlive(_ item: Item) -> Bool {
    let expiry = memory[item].expiry
    return (expiry == 0 || expiry > clock) && memory[item].epoch == epoch
  }

  /// Removes an item that is dead already.
  private mutating func reclaim(_ item: Item) {
    if !memory[item].state.isFetched { counters.expiredUnfetched &+= 1 }
    counters.reclaimed &+= 1
    classes[slabClass(of: item)].reclaimedCount &+= 1
    unlink(item)
  }

  /// Removes `item` if its time has come; false when it lives.
  mutating func reclaimIfDead(_ item: Item) -> Bool {
    guard !isAlive(item) else { return false }
    reclaim(item)
    return true
  }

  // MARK: Linking

  /// Puts an item into the hash table, as the newest of its class, with a new `unique`.
  mutating func link(_ item: Item, unique: UInt64? = nil) {
    let bucket = Int(memory[item].hash) & (buckets.count &- 1)
    memory[item].unique = unique ?? nextUnique()
    memory[item].epoch = epoch
    memory[item].accessed = clock
    memory[item].state.isLinked = true
    memory[item].nextInBucket = buckets[bucket]
    buckets[bucket] = item
    itemCount &+= 1
    counters.totalItems &+= 1
    let index = slabClass(of: item)
    classes[index].itemCount &+= 1
    classes[index].itemByteCount &+= byteCount(of: item)
    makeNewest(item, in: index)
  }

  /// Takes an item out of the hash table; its memory is free once nobody uses it.
  mutating func unlink(_ item: Item) {
    precondition(memory[item].state.isLinked)
    removeFromBucket(item)
    let index = slabClass(of: item)
    removeFromOrder(item, in: index)
    classes[index].itemCount &-= 1
    classes[index].itemByteCount &-= byteCount(of: item)
    itemCount &-= 1
    memory[item].state.isLinked = false
    if memory[item].referenceCount == 0 { free(item) }
  }

  private mutating func removeFromBucket(_ item: Item) {
    let bucket = Int(memory[item].hash) & (buckets.count &- 1)
    let next = memory[item].nextInBucket
    guard buckets[bucket] != item else {
      buckets[bucket] = next
      return
    }
    var previous = buckets[bucket]
    while memory[previous].nextInBucket != item { previous = memory[previous].nextInBucket }
    memory[previous].nextInBucket = next
  }

  private mutating func removeAll() {
    for bucket in 0..<buckets.count {
      while buckets[bucket] != .none { unlink(buckets[bucket]) }
    }
  }

  // MARK: Sizes

  /// Bytes of an item as memcached 1.6 counts them, which is what limits speak of; never less than
  /// what it takes here.
  static func nominalByteCount(key: Int, value: Int, hasFlags: Bool) -> Int {
    56 &+ (hasFlags ? 4 : 0) &+ key &+ 1 &+ value &+ 2
  }

  func byteCount(of item: Item) -> Int {
    Self.nominalByteCount(
      key: Int(memory[item].keyByteCount), value: Int(memory[item].valueByteCount),
      hasFlags: memory[item].flags != 0)
  }
}

extension UInt64 {
  func addingSaturating(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
