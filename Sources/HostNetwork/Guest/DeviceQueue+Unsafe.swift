import CX86
import Drivers

/// A split virtqueue from the device's side (virtio 1.1, section 2.6). Whatever the driver writes,
/// no access leaves guest memory and no loop exceeds the size of the queue.
@safe
package struct DeviceQueue: ~Copyable {
  package let size: Int
  private let memory: GuestMemory
  private let mask: UInt16
  private let mayBeIndirect: Bool
  private let descriptors: UnsafeMutableRawPointer
  private let available: UnsafeMutableRawPointer
  private let used: UnsafeMutableRawPointer
  /// The next entry of the available ring to look at, and of the used ring to write.
  private var taken: UInt16 = 0
  private var returned: UInt16 = 0

  /// Flags of a descriptor (section 2.6.5).
  private enum Flag {
    static var next: UInt16 { 1 }
    static var write: UInt16 { 2 }
    static var indirect: UInt16 { 4 }
  }

  package init(
    _ setup: QueueSetup, features: VirtioFeatures, memory: GuestMemory
  ) throws(QueueViolation) {
    let size = setup.size
    guard (1...32_768).contains(size), size & (size - 1) == 0,
      setup.descriptors % 16 == 0, setup.available % 2 == 0, setup.used % 4 == 0,
      let table = unsafe memory.pointer(
        to: setup.descriptors, byteCount: UInt64(16 * size)),
      let driver = unsafe memory.pointer(
        to: setup.available, byteCount: UInt64(6 + 2 * size)),
      let device = unsafe memory.pointer(to: setup.used, byteCount: UInt64(6 + 8 * size))
    else { throw .badLayout }
    self.size = size
    self.memory = memory
    mask = UInt16(size - 1)
    mayBeIndirect = features.contains(.indirectDescriptors)
    unsafe descriptors = table
    unsafe available = driver
    unsafe used = device
  }

  /// Whether the driver has made a chain available that was not taken yet.
  package var hasNext: Bool { waitingCount != 0 }

  private var waitingCount: UInt16 {
    // SAFETY: `idx` is the second field of the available ring.
    unsafe x86_load_acquire16(available + 2) &- taken
  }

  /// The next chain, into `chain`; false when there is none.
  package mutating func take(_ chain: inout DescriptorChain) throws(QueueViolation) -> Bool {
    let waiting = waitingCount
    guard waiting != 0 else { return false }
    guard waiting <= size else { throw .positionJump }
    // SAFETY: a masked position is below the size of the ring, which begins 4 bytes in.
    let head = unsafe x86_device_read16(available + 4 + Int(taken & mask) &* 2)
    taken &+= 1
    chain.restart(head: head)
    try collect(from: head, into: &chain)
    return true
  }

  /// Leaves the chain taken last for the next `take`.
  package mutating func untake() { taken &-= 1 }

  private func collect(
    from head: UInt16, into chain: inout DescriptorChain
  ) throws(QueueViolation) {
    var index = head
    var remaining = size
    while true {
      guard index <= mask else { throw .badIndex }
      guard remaining > 0 else { throw .chainTooLong }
      remaining &-= 1
      // SAFETY: the index was checked against the size of the table.
      let descriptor = unsafe Entry(at: descriptors + Int(index) &* 16)
      if descriptor.flags & Flag.indirect != 0 {
        guard mayBeIndirect, descriptor.flags & Flag.next == 0 else { throw .badIndirectTable }
        return try collectTable(descriptor, limit: remaining &+ 1, into: &chain)
      }
      try chain.append(
        descriptor.address, byteCount: descriptor.byteCount,
        isWritable: descriptor.flags & Flag.write != 0, memory: memory)
      guard descriptor.flags & Flag.next != 0 else { return }
      index = descriptor.next
    }
  }

  /// Section 2.6.5.3: a table of descriptors, linked like the queue's own.
  private func collectTable(
    _ place: Entry, limit: Int, into chain: inout DescriptorChain
  ) throws(QueueViolation) {
    let count = Int(place.byteCount / 16)
    guard place.byteCount % 16 == 0, count > 0 else { throw .badIndirectTable }
    guard
      let table = unsafe memory.pointer(to: place.address, byteCount: UInt64(place.byteCount))
    else { throw .badAddress }
    var index = 0
    var remaining = limit
    while true {
      guard index < count else { throw .badIndex }
      guard remaining > 0 else { throw .chainTooLong }
      remaining &-= 1
      // SAFETY: the index was checked against the size of the table.
      let descriptor = unsafe Entry(at: table + index &* 16)
      guard descriptor.flags & Flag.indirect == 0 else { throw .badIndirectTable }
      try chain.append(
        descriptor.address, byteCount: descriptor.byteCount,
        isWritable: descriptor.flags & Flag.write != 0, memory: memory)
      guard descriptor.flags & Flag.next != 0 else { return }
      index = Int(descriptor.next)
    }
  }

  /// Gives a chain back of which the first `byteCount` writable bytes were written; the driver does
  /// not see it before `publish`.
  package mutating func put(_ head: UInt16, byteCount: Int) {
    let entry = UInt64(head) | UInt64(UInt32(truncatingIfNeeded: byteCount)) &<< 32
    // SAFETY: a masked position is below the size of the ring, which begins 4 bytes in.
    unsafe x86_device_write64(used + 4 + Int(returned & mask) &* 8, entry)
    returned &+= 1
  }

  /// Shows the driver every chain given back so far.
  package func publish() {
    // SAFETY: `idx` is the second field of the used ring.
    unsafe x86_store_release16(used + 2, returned)
  }

  /// Whether the driver wants to be interrupted for what was just published (section 2.6.7.2): it
  /// may be about to sleep, so its flag is read after the position was stored.
  package func wantsInterrupt() -> Bool {
    x86_fence()
    // SAFETY: `flags` is the first field of the available ring.
    return unsafe x86_load_acquire16(available) & 1 == 0
  }

  /// Asks the driver for doorbells, or not to ring (section 2.6.9). After asking for them, look
  /// whether something came in between.
  package func setNotifications(_ areWanted: Bool) {
    // SAFETY: `flags` is the first field of the used ring.
    unsafe x86_device_write16(used, areWanted ? 0 : 1)
    if areWanted { x86_fence() }
  }

  /// One descriptor, read once.
  @safe
  private struct Entry {
    let address: UInt64
    let byteCount: UInt32
    let flags: UInt16
    let next: UInt16

    @unsafe
    @inline(__always)
    init(at place: UnsafeMutableRawPointer) {
      // SAFETY: the caller passes 16 bytes of guest memory, 16-byte aligned or in an indirect table
      // wherever that lies; x86 reads either.
      let rest = unsafe x86_device_read64(place + 8)
      unsafe address = x86_device_read64(place)
      byteCount = UInt32(truncatingIfNeeded: rest)
      flags = UInt16(truncatingIfNeeded: rest &>> 32)
      next = UInt16(truncatingIfNeeded: rest &>> 48)
    }
  }
}
