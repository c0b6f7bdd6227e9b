import Packets

/// A split virtqueue (virtio 1.1, section 2.6), driver's side, polled.
///
/// Which descriptors are in flight, how they are linked and how many bytes the device may write is
/// remembered here, in memory the device cannot reach, and never read back from the rings. What
/// the device reports is checked against that; a report that cannot be true breaks the queue.
package struct SplitVirtqueue: ~Copyable {
  /// A chain the device has finished with.
  package struct Completion: BitwiseCopyable {
    /// The chain's first descriptor, free again.
    package let head: UInt16
    /// Bytes the device has written; at most what the chain had room for.
    package let byteCount: UInt32
  }

  /// A report of the device that cannot be true. The first one breaks the queue, so there is never
  /// a second.
  package enum Violation: BitwiseCopyable, Sendable {
    /// More chains were used than the device has.
    case position
    /// An index outside the descriptor table.
    case identifier
    /// A descriptor that is no chain's head, or whose chain is not in flight.
    case notInFlight
    /// More bytes written than there was room for.
    case byteCount
  }

  /// The private record of one descriptor: 8 bytes.
  struct Shadow: BitwiseCopyable {
    /// The next descriptor of the chain or of the free list.
    var next: UInt16 = 0
    /// Of a head in flight: the chain's last descriptor.
    var tail: UInt16 = 0
    /// Of a head in flight: descriptors in the chain. Otherwise 0.
    var descriptorCount: UInt16 = 0
    /// Of a head in flight: bytes the device may write; 0 when it only reads.
    var capacity: UInt16 = 0
  }

  package let size: Int
  package internal(set) var freeDescriptorCount: Int
  /// The device broke the protocol or was reset: nothing is given to it or taken from it
  /// any more.
  package internal(set) var isBroken = false
  /// What broke the queue, if the device did.
  package internal(set) var violation: Violation?

  let ring: SplitRing
  var shadow: Table<Shadow>
  /// First of the list of free descriptors; meaningless when there is none.
  var firstFree: UInt16 = 0
  /// Chains made available since the start, modulo 65,536, and how many of them the device sees.
  var availablePosition: UInt16 = 0
  var publishedPosition: UInt16 = 0
  /// Chains taken back since the start, and how many the device had used at the last look.
  var takenPosition: UInt16 = 0
  var seenPosition: UInt16 = 0

  /// A queue of `size` descriptors, a power of two from 2 to 32,768, with interrupts suppressed;
  /// nil when the size is another one or the arena too small.
  package init?(size: Int, arena: inout Arena, map: DirectMap) {
    guard let ring = SplitRing(size: size, arena: &arena, map: map),
      var shadow = arena.carve(count: size, repeating: Shadow())
    else { return nil }
    for index in 0..<size { shadow[index].next = UInt16(truncatingIfNeeded: index + 1) }
    ring.suppressInterrupts()
    self.size = size
    freeDescriptorCount = size
    self.ring = ring
    self.shadow = shadow
  }

  /// Chains queued and not taken back yet.
  package var inFlightCount: Int { Int(availablePosition &- takenPosition) }

  /// Chains the device has finished with that nobody has taken back; what a broken queue says is
  /// bounded.
  package var waitingCount: Int {
    isBroken ? 0 : min(Int(ring.usedPosition() &- takenPosition), inFlightCount)
  }

  /// Where the queue lies, for its device.
  package var layout: VirtqueueLayout { ring.layout }

  /// The head of the next chain, if there are `descriptorCount` free descriptors and the queue
  /// works.
  @inline(__always)
  package func nextHead(descriptorCount: Int) -> UInt16? {
    guard descriptorCount <= freeDescriptorCount, !isBroken else { return nil }
    return firstFree
  }

  /// Shows the device what was queued since the last call; true when it wants to be notified.
  @inline(__always)
  package mutating func publish() -> Bool {
    guard availablePosition != publishedPosition, !isBroken else { return false }
    publishedPosition = availablePosition
    ring.publish(availablePosition)
    return !ring.isNotificationSuppressed()
  }

  /// Whether the device has work it was shown, has reported nothing that was not taken, and wants
  /// to be notified.
  package func wantsNotification() -> Bool {
    publishedPosition != takenPosition && !isBroken && !ring.isNotificationSuppressed()
      && ring.usedPosition() == takenPosition
  }

  /// From now on the device interrupts when it uses a buffer. True when it has used one already:
  /// then no interrupt may follow, the queue polls on and interrupts are suppressed again.
  package mutating func armInterrupt() -> Bool {
    ring.requestInterrupts()
    guard ring.usedPosition() != takenPosition else { return false }
    ring.suppressInterrupts()
    return true
  }

  /// The device need not interrupt any more; one more interrupt may still come.
  package func disarmInterrupt() { ring.suppressInterrupts() }
}
