// Where items get their memory from: a page belongs to one class and is cut into its chunks.
// Classes that need memory while none is left get a page of the class that misses it least.

extension Store {
  @inline(__always)
  func page(of item: Item) -> Int { item.offset &>> pageShift }

  @inline(__always)
  func slabClass(of item: Item) -> Int { pages[page(of: item)].slabClass }

  /// The smallest class for a key and a value; `itemByteLimit` has been checked.
  private func slabClass(key: Int, value: Int) -> Int {
    let needed = ItemHeader.byteCount &+ key &+ value &+ 2
    var low = 0
    var high = classes.count &- 1
    while low < high {
      let middle = (low &+ high) / 2
      if classes[middle].chunkByteCount >= needed { high = middle } else { low = middle &+ 1 }
    }
    return low
  }

  /// A new item that only the caller knows: with one reference, not linked, its value yet to be
  /// written. `.none` when there is no memory.
  mutating func allocate(
    key: RawSpan, hash: UInt32, valueByteCount: Int, flags: UInt32, expiry: UInt32
  ) -> Item {
    let index = slabClass(key: key.byteCount, value: valueByteCount)
    guard let item = chunk(of: index) else {
      classes[index].outOfMemoryCount &+= 1
      counters.outOfMemory &+= 1
      return .none
    }
    var header = ItemHeader()
    header.hash = hash
    header.flags = flags
    header.expiry = expiry
    header.keyByteCount = UInt8(truncatingIfNeeded: key.byteCount)
    header.valueByteCount = UInt32(truncatingIfNeeded: valueByteCount)
    memory[item] = header
    memory.writeKey(of: item, key)
    retain(item)
    return item
  }

  /// Keeps an item's memory from being used again.
  @inline(__always)
  mutating func retain(_ item: Item) {
    memory[item].referenceCount &+= 1
    pages[page(of: item)].referenceCount &+= 1
  }

  /// Undoes one `retain`.
  @inline(__always)
  mutating func release(_ item: Item) {
    precondition(memory[item].referenceCount > 0, "an item released too often")
    memory[item].referenceCount &-= 1
    pages[page(of: item)].referenceCount &-= 1
    if memory[item].referenceCount == 0, !memory[item].state.isLinked { free(item) }
  }

  mutating func free(_ item: Item) {
    let index = slabClass(of: item)
    let first = classes[index].firstFree
    memory[item].state = ItemState()
    memory[item].state.isFree = true
    memory[item].older = .none
    memory[item].newer = first
    if first != .none { memory[first].older = item }
    classes[index].firstFree = item
    classes[index].freeCount &+= 1
  }

  private mutating func removeFree(_ item: Item, from index: Int) {
    let next = memory[item].newer
    let previous = memory[item].older
    if next != .none { memory[next].older = previous }
    if previous == .none { classes[index].firstFree = next } else { memory[previous].newer = next }
    classes[index].freeCount &-= 1
  }

  private mutating func chunk(of index: Int) -> Item? {
    if let item = freeChunk(of: index) { return item }
    let oldest = classes[index].oldest
    if oldest != .none, memory[oldest].referenceCount == 0, reclaimIfDead(oldest) {
      return freeChunk(of: index)
    }
    if usedPageCount < pages.count {
      usedPageCount &+= 1
      give(page: usedPageCount &- 1, to: index)
      return freeChunk(of: index)
    }
    guard evicts else { return nil }
    if isStarving(index), takePage(for: index) { return freeChunk(of: index) }
    if evict(from: index) || takePage(for: index) { return freeChunk(of: index) }
    return nil
  }

  private mutating func freeChunk(of index: Int) -> Item? {
    let item = classes[index].firstFree
    if item != .none {
      removeFree(item, from: index)
      return item
    }
    guard classes[index].freshCount > 0 else { return nil }
    let fresh = Item(offset: classes[index].freshOffset)
    classes[index].freshOffset &+= classes[index].chunkByteCount
    classes[index].freshCount &-= 1
    return fresh
  }

  private mutating func give(page: Int, to index: Int) {
    pages[page].slabClass = index
    classes[index].pageCount &+= 1
    classes[index].freshOffset = page &<< pageShift
    classes[index].freshCount = classes[index].chunksPerPage
  }

  /// Whether another class keeps items this one would have evicted long ago; asked at most once a
  /// second, so that pages move slowly.
  private mutating func isStarving(_ index: Int) -> Bool {
    let oldest = classes[index].oldest
    guard balancedAt != clock, oldest != .none else { return false }
    balancedAt = clock
    guard let victim = pageVictim(for: index) else { return false }
    return age(of: victim) > 2 &* age(of: oldest) &+ 10
  }

  private func age(of item: Item) -> UInt32 {
    memory[item].state.isLinked ? clock &- memory[item].accessed : .max / 4
  }

  /// An item of another class whose page is missed least: a free chunk of a class without items,
  /// else the item that was not used for longest, among those whose page nobody uses just now.
  private func pageVictim(for index: Int) -> Item? {
    var best: Item?
    for other in 0..<classes.count where other != index && classes[other].pageCount > 0 {
      let first = classes[other].itemCount == 0 ? classes[other].firstFree : classes[other].oldest
      guard let candidate = movable(from: first) else { continue }
      if let current = best, age(of: current) >= age(of: candidate) { continue }
      best = candidate
    }
    return best
  }

  /// The first item from `start` on, towards newer ones, in a page without references.
  private func movable(from start: Item) -> Item? {
    var item = start
    for _ in 0..<32 {
      guard item != .none else { return nil }
      if pages[page(of: item)].referenceCount == 0 { return item }
      item = memory[item].newer
    }
    return nil
  }

  /// Empties a page of another class and cuts it into chunks of this one.
  private mutating func takePage(for index: Int) -> Bool {
    guard let victim = pageVictim(for: index) else { return false }
    let page = page(of: victim)
    empty(page: page)
    classes[pages[page].slabClass].pageCount &-= 1
    counters.pagesMoved &+= 1
    give(page: page, to: index)
    return true
  }

  private mutating func empty(page: Int) {
    let index = pages[page].slabClass
    let size = classes[index].chunkByteCount
    let start = page &<< pageShift
    var end = start &+ classes[index].chunksPerPage &* size
    if classes[index].freshCount > 0, classes[index].freshOffset &>> pageShift == page {
      end = classes[index].freshOffset
      classes[index].freshCount = 0
    }
    var offset = start
    while offset < end {
      let item = Item(offset: offset)
      if memory[item].state.isLinked { evict(item) }
      removeFree(item, from: index)
      offset &+= size
    }
  }
}
