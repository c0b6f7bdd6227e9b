/// Elements in memory carved from an `Arena`: the only kind of array the dataplane has. Owns the use
/// of the memory, never frees it.
///
/// Most tables are full from the start. One with room for many elements, of which few may ever be
/// needed, is carved empty and grows: memory nobody uses is never touched.
///
/// Subscripts check their bound: an index out of range is our own bug and stops the kernel, it
/// never reaches other memory.
@safe
package struct Table<Element: BitwiseCopyable>: ~Copyable {
  /// Elements there are.
  package private(set) var count: Int
  /// Elements there is room for.
  package let capacity: Int
  private let base: UnsafeMutablePointer<Element>

  fileprivate init(base: UnsafeMutablePointer<Element>, count: Int, capacity: Int) {
    unsafe self.base = unsafe base
    self.count = count
    self.capacity = capacity
  }

  /// Adds an element and says where; nil when there is no room for one more.
  package mutating func append(_ element: Element) -> UInt32? {
    guard count < capacity, let index = UInt32(exactly: count) else { return nil }
    // SAFETY: the arena gave room for `capacity` elements; nobody else uses it.
    unsafe (base + count).initialize(to: element)
    count &+= 1
    return index
  }

  @inline(__always)
  package subscript(index: Int) -> Element {
    unsafeAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: the index was checked; the first `count` elements are initialised.
      return unsafe UnsafePointer(base + index)
    }
    unsafeMutableAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: as above; `~Copyable` makes this table the only user of the memory.
      return unsafe base + index
    }
  }

  @inline(__always)
  package subscript(index: UInt32) -> Element {
    unsafeAddress {
      precondition(UInt(index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: the index was checked; the first `count` elements are initialised.
      return unsafe UnsafePointer(base + Int(truncatingIfNeeded: index))
    }
    unsafeMutableAddress {
      precondition(UInt(index) < UInt(bitPattern: count), "table index out of range")
      // SAFETY: as above; `~Copyable` makes this table the only user of the memory.
      return unsafe base + Int(truncatingIfNeeded: index)
    }
  }
}

extension Table {
  /// Where an element lies, for another core to read it there.
  package func address(of index: UInt32) -> KernelAddress {
    precondition(UInt(index) < UInt(bitPattern: count), "table index out of range")
    // SAFETY: only the number is kept.
    return unsafe KernelAddress(of: UnsafeRawPointer(base + Int(truncatingIfNeeded: index)))
  }
}

/// Hands out aligned pieces of one region of memory, once, at start-up.
@safe
package struct Arena: ~Copyable {
  private var next: UnsafeMutableRawPointer
  private let end: UnsafeMutableRawPointer

  /// Takes over `memory`, which must stay valid and unused by others for the life of everything
  /// carved from it.
  @unsafe
  package init(unowned memory: UnsafeMutableRawBufferPointer) {
    // SAFETY: the caller passes a region that exists; an empty one yields nothing.
    let base = unsafe memory.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)!
    unsafe next = unsafe base
    unsafe end = unsafe base + memory.count
  }

  /// Bytes not handed out yet.
  package var remainingByteCount: Int { unsafe end - next }

  /// `byteCount` zeroed bytes aligned to `alignment` (a power of two), or nil when not enough is
  /// left.
  package mutating func carve(byteCount: Int, alignment: Int) -> MemoryRegion? {
    guard let start = unsafe take(byteCount: byteCount, alignment: alignment) else { return nil }
    // SAFETY: `take` gave `byteCount` bytes that were not handed out before.
    unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return unsafe MemoryRegion(base: KernelAddress(of: start), byteCount: byteCount)
  }

  /// Bytes as they are.
  private mutating func take(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer? {
    // SAFETY: only address arithmetic until the bound has been checked.
    let start = unsafe next.alignedUp(toMultipleOf: alignment)
    guard byteCount >= 0, unsafe start <= end, unsafe byteCount <= end - start else { return nil }
    // SAFETY: [start, start + byteCount) lies inside the region.
    unsafe next = unsafe start + byteCount
    return unsafe start
  }

  /// A table of `count` copies of `element`, or nil when not enough memory is left.
  package mutating func carve<Element: BitwiseCopyable>(
    count: Int, repeating element: Element, alignment: Int = 64
  ) -> Table<Element>? {
    guard
      let base = unsafe take(capacity: count, of: Element.self, alignment: alignment)
    else { return nil }
    // SAFETY: there is room for `count` elements.
    unsafe base.initialize(repeating: element, count: count)
    return unsafe Table(base: base, count: count, capacity: count)
  }

  /// An empty table with room for `capacity` elements, or nil when not enough memory is left.
  package mutating func carve<Element: BitwiseCopyable>(
    capacity: Int, of type: Element.Type, alignment: Int = 64
  ) -> Table<Element>? {
    guard let base = unsafe take(capacity: capacity, of: type, alignment: alignment) else {
      return nil
    }
    return unsafe Table(base: base, count: 0, capacity: capacity)
  }

  private mutating func take<Element>(
    capacity: Int, of type: Element.Type, alignment: Int
  ) -> UnsafeMutablePointer<Element>? {
    let (byteCount, overflow) = MemoryLayout<Element>.stride.multipliedReportingOverflow(
      by: capacity)
    guard !overflow, capacity >= 0 else { return nil }
    let alignment = max(alignment, MemoryLayout<Element>.alignment)
    // SAFETY: the bytes have room for `capacity` elements at the element's alignment.
    return unsafe take(byteCount: byteCount, alignment: alignment)?
      .bindMemory(to: type, capacity: capacity)
  }
}

extension MemoryRegion {
  /// The first byte. The region must exist and outlive every use of the pointer.
  @unsafe
  @inline(__always)
  package var pointer: UnsafeMutableRawPointer {
    // SAFETY: `KernelAddress` of a region is never zero; the caller vouches for the region.
    unsafe UnsafeMutableRawPointer(bitPattern: UInt(base.rawValue)).unsafelyUnwrapped
  }
}
