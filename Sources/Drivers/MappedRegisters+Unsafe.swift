import CX86
import Packets

/// Registers in device memory, mapped uncached at a kernel address.
@safe
package struct MappedRegisters: RegisterWindow, BitwiseCopyable {
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer

  /// The `byteCount` bytes at `address`, which stay mapped for as long as the window is used.
  @unsafe
  package init(unowned address: KernelAddress, byteCount: Int) {
    self.byteCount = byteCount
    unsafe base = unsafe MemoryRegion(base: address, byteCount: byteCount).pointer
  }

  /// A register outside the window is our own bug; offsets that come from the device are checked
  /// where they are read.
  @unsafe
  @inline(__always)
  private func pointer(to offset: Int, byteCount width: Int) -> UnsafeMutableRawPointer {
    precondition(offset >= 0 && offset <= byteCount &- width, "register outside its window")
    // SAFETY: the whole register lies inside the window.
    return unsafe base + offset
  }

  // SAFETY, for each: `pointer` checks the bound, and the window is mapped.
  @inline(__always)
  package func read8(at offset: Int) -> UInt8 {
    unsafe x86_device_read8(pointer(to: offset, byteCount: 1))
  }
  @inline(__always)
  package func read16(at offset: Int) -> UInt16 {
    unsafe x86_device_read16(pointer(to: offset, byteCount: 2))
  }
  @inline(__always)
  package func read32(at offset: Int) -> UInt32 {
    unsafe x86_device_read32(pointer(to: offset, byteCount: 4))
  }
  @inline(__always)
  package func write8(_ value: UInt8, at offset: Int) {
    unsafe x86_device_write8(pointer(to: offset, byteCount: 1), value)
  }
  @inline(__always)
  package func write16(_ value: UInt16, at offset: Int) {
    unsafe x86_device_write16(pointer(to: offset, byteCount: 2), value)
  }
  @inline(__always)
  package func write32(_ value: UInt32, at offset: Int) {
    unsafe x86_device_write32(pointer(to: offset, byteCount: 4), value)
  }
}

/// Makes a device's registers reachable.
package protocol RegisterMapper {
  associatedtype Window: RegisterWindow
  /// The `byteCount` bytes of device memory at `address`, nil when they cannot be mapped. Neither
  /// is necessarily a multiple of a page.
  mutating func window(at address: DeviceAddress, byteCount: Int) -> Window?
}

/// What a kernel supplies: uncached mappings of device memory.
package protocol DeviceMemoryMapper: RegisterMapper where Window == MappedRegisters {
  /// Maps the `byteCount` bytes of device memory at `address` uncached and for good; nil when that
  /// range is not device memory or there is no room. Neither is necessarily a multiple of a page;
  /// ranges of one page may be asked for one after the other.
  mutating func map(_ address: DeviceAddress, byteCount: Int) -> KernelAddress?
}

extension DeviceMemoryMapper {
  package mutating func window(at address: DeviceAddress, byteCount: Int) -> MappedRegisters? {
    guard let start = map(address, byteCount: byteCount) else { return nil }
    // SAFETY: `map` promises that the mapping stays.
    return unsafe MappedRegisters(unowned: start, byteCount: byteCount)
  }
}
