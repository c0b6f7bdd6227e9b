import Packets
import Wire

// Each fills the slot that `nextSlot` has named, which must have been asked. Where the device is to
// write, the queue was made for that.
extension SplitVirtqueue {
  /// What a single descriptor names.
  package enum Use: BitwiseCopyable, Sendable {
    /// Bytes the device reads.
    case readable
    /// A table of descriptors of bytes the device reads.
    case table
  }

  /// Queues a chain of one descriptor that the device reads.
  @inline(__always)
  package mutating func submit(_ address: DeviceAddress, byteCount: Int, use: Use) {
    let flags =
      switch use {
      case .readable: UInt16(0)
      case .table: SplitRing.Flag.indirect
      }
    ring.setDescriptor(
      nextHead, address: address, byteCount: UInt32(truncatingIfNeeded: byteCount), flags: flags,
      next: 0)
    queuedCount &+= 1
  }

  /// Queues a chain of one descriptor that the device writes: as many bytes as the queue was made
  /// for.
  @inline(__always)
  package mutating func submit(writable address: DeviceAddress) {
    assert(byteLimit != .max, "a queue whose device only reads")
    ring.setDescriptor(
      nextHead, address: address, byteCount: byteLimit, flags: SplitRing.Flag.write, next: 0)
    queuedCount &+= 1
  }

  /// Queues a chain the device reads: `header` and the bytes of `fragments`, empty ones left out.
  /// They must fit into a slot.
  @inline(__always)
  package mutating func submit(
    header: DeviceAddress, byteCount: Int, fragments: Span<Fragment>, map: DirectMap
  ) {
    precondition(fragments.count < Int(chainLimit), "a chain longer than its slot")
    var last = nextHead
    var address = header
    var capacity = UInt32(truncatingIfNeeded: byteCount)
    for index in fragments.indices {
      let fragment = fragments[index]
      guard fragment.byteCount > 0 else { continue }
      ring.setDescriptor(
        last, address: address, byteCount: capacity, flags: SplitRing.Flag.next, next: last &+ 1)
      last &+= 1
      address = map.deviceAddress(of: fragment.address)
      capacity = UInt32(truncatingIfNeeded: fragment.byteCount)
    }
    ring.setDescriptor(last, address: address, byteCount: capacity, flags: 0, next: 0)
    queuedCount &+= 1
  }

  /// Queues a chain of two: bytes the device reads, then bytes it answers with, as many as the queue
  /// was made for.
  mutating func submit(request: DeviceAddress, byteCount: Int, reply: DeviceAddress) {
    precondition(chainLimit > 1 && byteLimit != .max, "a queue without answers")
    let head = nextHead
    ring.setDescriptor(
      head, address: request, byteCount: UInt32(truncatingIfNeeded: byteCount),
      flags: SplitRing.Flag.next, next: head &+ 1)
    ring.setDescriptor(
      head &+ 1, address: reply, byteCount: byteLimit, flags: SplitRing.Flag.write, next: 0)
    queuedCount &+= 1
  }

  /// The first descriptor of the next slot.
  @inline(__always)
  private var nextHead: UInt16 {
    UInt16(truncatingIfNeeded: head(of: slot(queuedCount)))
  }
}
