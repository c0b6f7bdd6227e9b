/// Numbered elements that come and go, in memory that grows by doubling and never shrinks. Freed
/// numbers are used again, last freed first.
///
/// Growth is the only allocation: a server that has seen its peak allocates nothing any more.
@safe
struct Slab<Element: BitwiseCopyable>: ~Copyable {
  private struct Slot: BitwiseCopyable {
    var element: Element
    var nextFree: UInt32
  }

  static var none: UInt32 { .max }

  private var slots: UnsafeMutablePointer<Slot>
  private var capacity: Int
  private var count = 0
  private var firstFree = Self.none

  init(minimumCapacity: Int) {
    capacity = max(minimumCapacity, 16)
    unsafe slots = .allocate(capacity: capacity)
  }

  deinit { unsafe slots.deallocate() }

  /// The number of a new element.
  @inline(__always)
  mutating func insert(_ element: Element) -> UInt32 {
    guard firstFree != Self.none else { return append(element) }
    let index = firstFree
    // SAFETY: numbers on the free list are below `count`.
    unsafe firstFree = slots[Int(index)].nextFree
    unsafe slots[Int(index)].element = element
    return index
  }

  @inline(never)
  private mutating func append(_ element: Element) -> UInt32 {
    if count == capacity { grow() }
    // SAFETY: `count` is below `capacity` now.
    unsafe (slots + count).initialize(to: Slot(element: element, nextFree: Self.none))
    count &+= 1
    return UInt32(truncatingIfNeeded: count &- 1)
  }

  /// Frees a number that `insert` gave out and that was not removed since.
  @inline(__always)
  mutating func remove(_ index: UInt32) {
    precondition(Int(index) < count, "slab index out of range")
    // SAFETY: the index was checked.
    unsafe slots[Int(index)].nextFree = firstFree
    firstFree = index
  }

  /// Whether `index` was ever given out.
  @inline(__always)
  func isValid(_ index: UInt32) -> Bool { Int(index) < count }

  subscript(index: UInt32) -> Element {
    @inline(__always)
    unsafeAddress {
      precondition(Int(index) < count, "slab index out of range")
      // SAFETY: the index was checked; `element` is the first field of a slot.
      return unsafe UnsafeRawPointer(slots + Int(index)).assumingMemoryBound(to: Element.self)
    }
    @inline(__always)
    unsafeMutableAddress {
      precondition(Int(index) < count, "slab index out of range")
      // SAFETY: as above.
      return unsafe UnsafeMutableRawPointer(slots + Int(index)).assumingMemoryBound(
        to: Element.self)
    }
  }

  private mutating func grow() {
    // SAFETY: the new memory holds all old slots; they are bitwise copyable.
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: capacity &* 2)
    unsafe larger.initialize(from: slots, count: count)
    unsafe slots.deallocate()
    unsafe slots = larger
    capacity &*= 2
  }
}
