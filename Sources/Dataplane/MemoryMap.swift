/// Ranges of physical memory, sorted, disjoint and made of whole pages. Used at start-up only: what
/// the machine has, less what is taken.
package struct MemoryMap: BitwiseCopyable, Sendable {
  /// From `start` up to, not including, `end`; physical addresses.
  package struct Extent: BitwiseCopyable, Sendable, Equatable {
    package let start: UInt64
    package let end: UInt64
    package var byteCount: UInt64 { end &- start }

    package init(start: UInt64, end: UInt64) {
      self.start = start
      self.end = end
    }
  }

  package static var pageByteCount: UInt64 { 4096 }
  /// Most separate ranges; further ones are not used.
  package static var limit: Int { 64 }

  package private(set) var count = 0
  private var extents = InlineArray<64, Extent>(repeating: Extent(start: 0, end: 0))

  package init() {}

  package subscript(index: Int) -> Extent {
    precondition(index < count, "no such range of memory")
    // Through a span: subscripting the array itself copies it, every time.
    return extents.span[index]
  }

  /// Makes memory available, rounded inward to whole pages. What is already there stays.
  package mutating func add(start: UInt64, byteCount: UInt64) {
    let (end, overflow) = start.addingReportingOverflow(byteCount)
    guard !overflow, start <= UInt64.max &- Self.pageByteCount else { return }
    let first = start.roundedUp(to: Self.pageByteCount)
    let last = end & ~(Self.pageByteCount &- 1)
    guard first < last else { return }
    remove(start: first, end: last)
    insert(Extent(start: first, end: last))
  }

  /// Takes memory away, rounded outward to whole pages.
  package mutating func remove(start: UInt64, byteCount: UInt64) {
    let (end, overflow) = start.addingReportingOverflow(byteCount)
    let last = overflow || end > UInt64.max &- Self.pageByteCount ? UInt64.max : end
    guard byteCount > 0 else { return }
    remove(
      start: start & ~(Self.pageByteCount &- 1),
      end: last == .max ? .max : last.roundedUp(to: Self.pageByteCount))
  }

  /// The lowest `byteCount` bytes (whole pages) at a multiple of `alignment`, a power of two of at
  /// least a page, which are then no longer in the map.
  package mutating func take(byteCount: UInt64, alignment: UInt64) -> UInt64? {
    let byteCount = byteCount.roundedUp(to: Self.pageByteCount)
    for index in 0..<count {
      let start = self[index].start.roundedUp(to: alignment)
      guard start <= self[index].end, byteCount <= self[index].end &- start else { continue }
      remove(start: start, end: start &+ byteCount)
      return start
    }
    return nil
  }

  /// Bytes of the largest range that begins at a multiple of `alignment`.
  package func largestByteCount(alignment: UInt64) -> UInt64 {
    var largest: UInt64 = 0
    for index in 0..<count {
      let start = self[index].start.roundedUp(to: alignment)
      guard start < self[index].end else { continue }
      largest = max(largest, self[index].end &- start)
    }
    return largest
  }

  /// All bytes in the map.
  package var byteCount: UInt64 {
    var sum: UInt64 = 0
    for index in 0..<count { sum &+= self[index].byteCount }
    return sum
  }

  private mutating func remove(start: UInt64, end: UInt64) {
    var kept = Self()
    for index in 0..<count {
      let extent = self[index]
      kept.append(Extent(start: extent.start, end: min(extent.end, start)))
      kept.append(Extent(start: max(extent.start, end), end: extent.end))
    }
    self = kept
  }

  /// Keeps `extent`, which lies above all others, unless it is empty or there is no room.
  private mutating func append(_ extent: Extent) {
    guard extent.start < extent.end, count < Self.limit else { return }
    if count > 0, self[count &- 1].end == extent.start {
      extents[count &- 1] = Extent(start: self[count &- 1].start, end: extent.end)
      return
    }
    extents[count] = extent
    count &+= 1
  }

  /// Puts `extent`, which overlaps none, into its place.
  private mutating func insert(_ extent: Extent) {
    var merged = Self()
    var isPending = true
    for index in 0..<count {
      if isPending, extent.start < self[index].start {
        merged.append(extent)
        isPending = false
      }
      merged.append(self[index])
    }
    if isPending { merged.append(extent) }
    self = merged
  }
}

extension UInt64 {
  /// The next multiple of `alignment`, a power of two. The caller has excluded overflow.
  @inline(__always)
  package func roundedUp(to alignment: UInt64) -> UInt64 {
    (self &+ (alignment &- 1)) & ~(alignment &- 1)
  }
}
