import Packets
import Wire

extension SplitVirtqueue {
  /// What a single descriptor names.
  package enum Use: BitwiseCopyable, Sendable {
    /// Bytes the device reads.
    case readable
    /// Bytes the device writes.
    case writable
    /// A table of descriptors of bytes the device reads.
    case table
  }

  /// Queues a chain of one descriptor: the one `nextHead` has named, which must have been asked.
  /// The device writes at most 65,535 bytes.
  @inline(__always)
  package mutating func submit(_ address: DeviceAddress, byteCount: Int, use: Use) {
    let head = firstFree
    precondition(use != .writable || byteCount <= 0xFFFF, "a buffer too large for a queue")
    let flags =
      switch use {
      case .readable: UInt16(0)
      case .writable: SplitRing.Flag.write
      case .table: SplitRing.Flag.indirect
      }
    ring.setDescriptor(
      head, address: address, byteCount: UInt32(truncatingIfNeeded: byteCount), flags: flags,
      next: 0)
    enter(
      head, tail: head, descriptorCount: 1,
      capacity: use == .writable ? UInt16(truncatingIfNeeded: byteCount) : 0)
  }

  /// Queues a chain the device reads: `header` and the bytes of `fragments`, empty ones left out.
  /// `nextHead(descriptorCount: 1 + fragments.count)` must have been asked.
  @inline(__always)
  package mutating func submit(
    header: DeviceAddress, byteCount: Int, fragments: Span<Fragment>, map: DirectMap
  ) {
    let head = firstFree
    var last = head
    var descriptorCount: UInt16 = 1
    var address = header
    var capacity = UInt32(truncatingIfNeeded: byteCount)
    for index in fragments.indices {
      let fragment = fragments[index]
      guard fragment.byteCount > 0 else { continue }
      let next = shadow[Int(last)].next
      ring.setDescriptor(
        last, address: address, byteCount: capacity, flags: SplitRing.Flag.next, next: next)
      last = next
      descriptorCount &+= 1
      address = map.deviceAddress(of: fragment.address)
      capacity = UInt32(truncatingIfNeeded: fragment.byteCount)
    }
    ring.setDescriptor(last, address: address, byteCount: capacity, flags: 0, next: 0)
    enter(head, tail: last, descriptorCount: descriptorCount, capacity: 0)
  }

  /// Queues a chain of two: bytes the device reads, then bytes it answers with.
  /// `nextHead(descriptorCount: 2)` must have been asked.
  mutating func submit(
    request: DeviceAddress, byteCount: Int, reply: DeviceAddress, replyByteCount: UInt16
  ) {
    let head = firstFree
    let last = shadow[Int(head)].next
    ring.setDescriptor(
      head, address: request, byteCount: UInt32(truncatingIfNeeded: byteCount),
      flags: SplitRing.Flag.next, next: last)
    ring.setDescriptor(
      last, address: reply, byteCount: UInt32(replyByteCount), flags: SplitRing.Flag.write, next: 0)
    enter(head, tail: last, descriptorCount: 2, capacity: replyByteCount)
  }

  /// Takes the chain off the free list and puts it into the available ring.
  @inline(__always)
  private mutating func enter(
    _ head: UInt16, tail: UInt16, descriptorCount: UInt16, capacity: UInt16
  ) {
    let next = shadow[Int(head)].next
    firstFree = tail == head ? next : shadow[Int(tail)].next
    shadow[Int(head)] = Shadow(
      next: next, tail: tail, descriptorCount: descriptorCount, capacity: capacity)
    freeDescriptorCount &-= Int(descriptorCount)
    ring.setAvailable(availablePosition, head: head)
    availablePosition &+= 1
  }
}
