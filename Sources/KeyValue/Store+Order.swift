// The order in which the items of a class were used last, as far as eviction needs to know it: an
// item moves to the front once a second at most. Moving costs three cache misses, and most reads
// are of items that were read a moment ago.

extension Store {
  /// Notes that an item was read.
  @inline(__always)
  mutating func noteUse(of item: Item) {
    memory[item].state.isFetched = true
    guard memory[item].accessed != clock else { return }
    memory[item].accessed = clock
    let index = slabClass(of: item)
    guard classes[index].newest != item else { return }
    removeFromOrder(item, in: index)
    makeNewest(item, in: index)
  }

  mutating func makeNewest(_ item: Item, in index: Int) {
    let newest = classes[index].newest
    memory[item].newer = .none
    memory[item].older = newest
    if newest == .none { classes[index].oldest = item } else { memory[newest].newer = item }
    classes[index].newest = item
  }

  mutating func removeFromOrder(_ item: Item, in index: Int) {
    let newer = memory[item].newer
    let older = memory[item].older
    if newer == .none { classes[index].newest = older } else { memory[newer].older = older }
    if older == .none { classes[index].oldest = newer } else { memory[older].newer = newer }
  }

  /// Frees a chunk of a class by evicting its oldest item that nobody uses; false when there is none
  /// among the oldest.
  mutating func evict(from index: Int) -> Bool {
    var item = classes[index].oldest
    for _ in 0..<64 {
      guard item != .none else { return false }
      if memory[item].referenceCount == 0 {
        if !reclaimIfDead(item) { evict(item) }
        return true
      }
      item = memory[item].newer
    }
    return false
  }

  mutating func evict(_ item: Item) {
    let index = slabClass(of: item)
    counters.evictions &+= 1
    if !memory[item].state.isFetched { counters.evictedUnfetched &+= 1 }
    classes[index].evictedCount &+= 1
    classes[index].evictedAge = clock &- memory[item].accessed
    unlink(item)
  }
}
