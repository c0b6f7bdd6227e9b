import Packets

/// The memory one application may use, and where the kernel finds it: the only door from an address
/// that ring 3 names to one that ring 0 touches.
///
/// The kernel never uses a user address; it reads and writes the same bytes through its own mapping,
/// so a page that ring 3 lacks can not fault in ring 0.
package struct UserMemory: BitwiseCopyable, Sendable {
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

    fileprivate var byteCount: UInt64 { UInt64(truncatingIfNeeded: memory.byteCount) }

    fileprivate func overlaps(_ other: Self) -> Bool {
      base.rawValue < other.base.rawValue &+ other.byteCount
        && other.base.rawValue < base.rawValue &+ byteCount
    }
  }

  /// Most regions of one application.
  package static var limit: Int { 16 }

  package private(set) var count = 0
  private var regions: InlineArray<16, Region>

  package init() {
    regions = InlineArray(
      repeating: Region(
        base: UserAddress(0), memory: MemoryRegion(base: KernelAddress(0), byteCount: 0),
        isWritable: false))
  }

  /// Adds a region. Those added first are found first. False when it is empty, wraps around,
  /// overlaps another or there are too many.
  package mutating func add(_ region: Region) -> Bool {
    let (_, overflow) = region.base.rawValue.addingReportingOverflow(region.byteCount)
    guard region.memory.byteCount > 0, !overflow, count < Self.limit else { return false }
    for index in 0..<count where regions.span[index].overlaps(region) { return false }
    regions[count] = region
    count &+= 1
    return true
  }

  /// Where the kernel finds `byteCount` bytes at `address`; nil unless all of them lie in one region
  /// that allows the access. Total for every argument.
  @inline(__always)
  package func kernelAddress(of address: UserAddress, byteCount: UInt64, writable: Bool)
    -> KernelAddress?
  {
    // Through a span: subscripting the array itself copies it, every time.
    let regions = regions.span
    for index in 0..<count {
      let region = regions[index]
      let offset = address.rawValue &- region.base.rawValue
      guard offset < region.byteCount else { continue }
      guard byteCount <= region.byteCount &- offset, region.isWritable || !writable else {
        return nil
      }
      return KernelAddress(region.memory.base.rawValue &+ offset)
    }
    return nil
  }
}
