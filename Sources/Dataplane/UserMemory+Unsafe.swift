import Packets

/// The memory one application may use, and where the kernel finds it: the only door from an address
/// that ring 3 names to one that ring 0 touches.
///
/// The kernel never uses a user address; it reads and writes the same bytes through its own mapping,
/// so a page that ring 3 lacks can not fault in ring 0.
///
/// The regions lie in memory of their own and not in the structure, because a value of this size
/// would be copied for every look-up. Add all regions before the structure is copied.
@safe
package struct UserMemory: BitwiseCopyable {
  /// Contiguous in ring 3 and in the kernel.
  package struct Region: BitwiseCopyable, Sendable {
    package let base: UserAddress
    package let memory: MemoryRegion
    /// Ring 3 may write it, so the kernel may write it for ring 3.
    package let isWritable: Bool

    package init(base: UserAddress, memory: MemoryRegion, isWritable: Bool) {
      self.base = base
      self.memory = memory
      self.isWritable = isWritable
    }

    @inline(__always)
    fileprivate var byteCount: UInt64 { UInt64(truncatingIfNeeded: memory.byteCount) }

    fileprivate func overlaps(_ other: Self) -> Bool {
      base.rawValue < other.base.rawValue &+ other.byteCount
        && other.base.rawValue < base.rawValue &+ byteCount
    }
  }

  /// Most regions of one application.
  package static var limit: Int { 16 }
  /// Bytes the regions need.
  package static var storageByteCount: Int { limit &* MemoryLayout<Region>.stride }

  package private(set) var count = 0
  private let regions: UnsafeMutablePointer<Region>

  /// No memory at all. `storage`, of at least `storageByteCount` bytes, must stay valid and unused
  /// by others for the life of every copy.
  package init(storage: MemoryRegion) {
    precondition(storage.byteCount >= Self.storageByteCount, "too little room for user memory")
    // SAFETY: the region has room for `limit` elements; none is read before it is written.
    unsafe regions = unsafe storage.pointer.bindMemory(to: Region.self, capacity: Self.limit)
  }

  /// Adds a region. Those added last are found first. False when it is empty, wraps around,
  /// overlaps another or there are too many.
  package mutating func add(_ region: Region) -> Bool {
    let (_, overflow) = region.base.rawValue.addingReportingOverflow(region.byteCount)
    guard region.memory.byteCount > 0, !overflow, count < Self.limit else { return false }
    for index in 0..<count where self[index].overlaps(region) { return false }
    // SAFETY: `count` is below `limit`.
    unsafe (regions + count).initialize(to: region)
    count &+= 1
    return true
  }

  /// Where the kernel finds `byteCount` bytes at `address`; nil unless all of them lie in one region
  /// that allows the access. Total for every argument.
  @inline(__always)
  package func kernelAddress(of address: UserAddress, byteCount: UInt64, writable: Bool)
    -> KernelAddress?
  {
    var index = count
    while index > 0 {
      index &-= 1
      let region = self[index]
      let offset = address.rawValue &- region.base.rawValue
      guard offset < region.byteCount else { continue }
      guard byteCount <= region.byteCount &- offset, region.isWritable || !writable else {
        return nil
      }
      return KernelAddress(region.memory.base.rawValue &+ offset)
    }
    return nil
  }

  /// Region `index`, which is below `count`.
  @inline(__always)
  private subscript(index: Int) -> Region {
    // SAFETY: both callers stay below `count`, and so many regions are initialised.
    unsafe regions[index]
  }
}
