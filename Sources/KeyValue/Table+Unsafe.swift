/// A fixed number of elements, allocated once. Subscripts check their bound.
@safe
struct Table<Element: BitwiseCopyable>: ~Copyable {
  let count: Int
  private let base: UnsafeMutablePointer<Element>

  init(count: Int, repeating element: Element) {
    self.count = count
    unsafe base = .allocate(capacity: max(count, 1))
    unsafe base.initialize(repeating: element, count: count)
  }

  deinit { unsafe base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element {
    unsafeAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: the index was checked; `init` initialised `count` elements.
      return unsafe UnsafePointer(base + index)
    }
    unsafeMutableAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: as above; `~Copyable` makes this table the only user of the memory.
      return unsafe base + index
    }
  }

  @inline(__always)
  subscript(index: UInt32) -> Element {
    @inline(__always)
    get { self[Int(index)] }
    @inline(__always)
    _modify { yield &self[Int(index)] }
  }

  /// A table of `newCount` elements that begins with these; `newCount` is not smaller.
  consuming func extended(to newCount: Int, repeating element: Element) -> Table {
    let larger = Table(count: newCount, repeating: element)
    // SAFETY: the new table is at least as large; elements are bitwise copyable.
    unsafe larger.base.update(from: base, count: count)
    return larger
  }
}
