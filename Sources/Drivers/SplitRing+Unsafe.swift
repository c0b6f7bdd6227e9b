import CX86
import Packets
import Wire

/// The three areas of a split virtqueue (virtio 1.1, section 2.6): memory that the device reads and
/// writes at any time. Positions are masked, so no access leaves the areas whatever they hold.
@safe
struct SplitRing: ~Copyable {
  /// Flags of a descriptor (section 2.6.5).
  enum Flag {
    /// VIRTQ_DESC_F_NEXT: the chain goes on at `next`.
    static var next: UInt16 { 1 }
    /// VIRTQ_DESC_F_WRITE: the device writes, it does not read.
    static var write: UInt16 { 2 }
    /// VIRTQ_DESC_F_INDIRECT: the bytes are a table of descriptors.
    static var indirect: UInt16 { 4 }
  }

  let layout: VirtqueueLayout
  private let mask: Int
  private let descriptors: UnsafeMutableRawPointer
  private let available: UnsafeMutableRawPointer
  private let used: UnsafeMutableRawPointer

  /// `size` is a power of two from 2 to 32,768; nil when the arena is too small. Each area begins
  /// on a cache line of its own.
  init?(size: Int, arena: inout Arena, map: DirectMap) {
    guard size >= 2, size <= 32_768, size & (size - 1) == 0,
      let table = arena.carve(byteCount: 16 * size, alignment: 64),
      let driver = arena.carve(byteCount: 6 + 2 * size, alignment: 64),
      let device = arena.carve(byteCount: 6 + 8 * size, alignment: 64)
    else { return nil }
    layout = VirtqueueLayout(
      size: size, descriptors: map.deviceAddress(of: table.base),
      available: map.deviceAddress(of: driver.base), used: map.deviceAddress(of: device.base))
    mask = size - 1
    // SAFETY: carved from the arena, which outlives the queue.
    unsafe descriptors = unsafe table.pointer
    unsafe available = unsafe driver.pointer
    unsafe used = unsafe device.pointer
  }

  /// Writes one descriptor: address, length, flags, next.
  @inline(__always)
  func setDescriptor(
    _ index: UInt16, address: DeviceAddress, byteCount: UInt32, flags: UInt16, next: UInt16
  ) {
    // SAFETY: a masked index is below the size of the table.
    unsafe Self.write(
      descriptors + (Int(index) & mask) &* 16, address: address, byteCount: byteCount, flags: flags,
      next: next)
  }

  @unsafe
  @inline(__always)
  static func write(
    _ descriptor: UnsafeMutableRawPointer, address: DeviceAddress, byteCount: UInt32,
    flags: UInt16, next: UInt16
  ) {
    let rest = UInt64(byteCount) | UInt64(flags) &<< 32 | UInt64(next) &<< 48
    // SAFETY: the caller passes 16 bytes, 16-byte aligned.
    unsafe descriptor.storeBytes(of: address.rawValue, as: UInt64.self)
    unsafe descriptor.storeBytes(of: rest, toByteOffset: 8, as: UInt64.self)
  }

  /// Enters a chain in the available ring; the device does not look before `publish`.
  @inline(__always)
  func setAvailable(_ position: UInt16, head: UInt16) {
    // SAFETY: a masked position is below the size of the ring, which begins 4 bytes in.
    unsafe available.storeBytes(
      of: head, toByteOffset: 4 &+ (Int(position) & mask) &* 2, as: UInt16.self)
  }

  /// Lets the device see all entries below `position`: stored after everything written before
  /// (section 2.6.13.3).
  @inline(__always)
  func publish(_ position: UInt16) {
    // SAFETY: `idx` is the second field of the area.
    unsafe x86_store_release16(available + 2, position)
  }

  /// Asks the device not to interrupt when it has used a buffer (VIRTQ_AVAIL_F_NO_INTERRUPT, section
  /// 2.6.7).
  @inline(__always)
  func suppressInterrupts() {
    // SAFETY: `flags` is the first field of the area.
    unsafe x86_device_write16(available, 1)
  }

  /// Asks the device to interrupt when it has used a buffer. The device looks at the flag after it
  /// has stored its position (section 2.6.8.2), so the fence orders our next look at the position
  /// after our store of the flag: one of the two sees the other.
  func requestInterrupts() {
    // SAFETY: `flags` is the first field of the area.
    unsafe x86_device_write16(available, 0)
    x86_fence()
  }

  /// Whether the device asks not to be notified (VIRTQ_USED_F_NO_NOTIFY, section 2.6.9). The fence
  /// orders the load after the store of `publish`: without it both sides could each miss the
  /// other's write, and the device would sleep with work queued (section 2.6.13.4.1).
  @inline(__always)
  func isNotificationSuppressed() -> Bool {
    x86_fence()
    // SAFETY: `flags` is the first field of the area.
    return unsafe x86_load_acquire16(used) & 1 != 0
  }

  /// How many chains the device says it has used, modulo 65,536.
  @inline(__always)
  func usedPosition() -> UInt16 {
    // SAFETY: `idx` is the second field of the area.
    unsafe x86_load_acquire16(used + 2)
  }

  /// An entry of the used ring: the head's index and the bytes written. Read once, as a whole: the
  /// device could change it between two reads.
  @inline(__always)
  func usedEntry(at position: UInt16) -> (identifier: UInt32, byteCount: UInt32) {
    // SAFETY: a masked position is below the size of the ring, which begins 4 bytes in.
    let entry = unsafe x86_device_read64(used + 4 + (Int(position) & mask) &* 8)
    return (UInt32(truncatingIfNeeded: entry), UInt32(truncatingIfNeeded: entry &>> 32))
  }
}
