import Packets

/// A split virtqueue (virtio 1.1, section 2.6), driver's side, polled.
///
/// The descriptors are divided into slots of equal size, one chain each, and slots are used in turn:
/// chain number n goes into slot n, modulo their number. So where a chain begins and how it is linked
/// never changes, the available ring is written once, and a device that finishes in order, as all
/// do, reports what is expected. One that does not may; a slot is used again when it and all before
/// it are finished.
///
/// Which chains are in flight and how many bytes the device may write is remembered here, in memory
/// the device cannot reach, and never read back from the rings. What the device reports is checked
/// against that; a report that cannot be true breaks the queue.
package struct SplitVirtqueue: ~Copyable {
  /// A chain the device has finished with.
  package struct Completion: BitwiseCopyable {
    package let slot: UInt16
    /// Bytes the device has written, at most what the chain had room for; any number where it had
    /// none.
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

  /// Descriptors.
  package let size: Int
  /// Slots; a power of two, like the descriptors of each.
  package let slotCount: Int
  private let slotMask: UInt32
  /// Descriptors of a slot.
  let chainLimit: UInt32
  /// Bytes the device may write into one chain; `.max` where it writes nothing and the count means
  /// nothing.
  let byteLimit: UInt32
  /// The device broke the protocol or was reset: nothing is given to it or taken from it
  /// any more.
  package internal(set) var isBroken = false
  /// What broke the queue, if the device did.
  package internal(set) var violation: Violation?

  let ring: SplitRing
  /// Chains queued since the start, modulo 2^32.
  package internal(set) var queuedCount: UInt32 = 0
  /// Of those, the ones that are finished together with all before them.
  package internal(set) var completedCount: UInt32 = 0
  /// Chains the device sees, modulo 65,536 like the two below.
  var publishedPosition: UInt16 = 0
  /// Chains taken back, and how many the device had used at the last look.
  var takenPosition: UInt16 = 0
  var seenPosition: UInt16 = 0
  /// Whether the chain in a slot was finished before its turn, and how many were.
  var early: Table<Bool>
  var earlyCount = 0

  /// A queue of `size` descriptors, a power of two from 2 to 32,768, for chains of `chainLimit`
  /// descriptors, a power of two, too. The device writes at most `writableByteCount` bytes into a
  /// chain; where that is 0 it only reads. Interrupts are suppressed. Nil when a size is another one or
  /// the arena too small.
  package init?(
    size: Int, chainLimit: Int, writableByteCount: UInt16, arena: inout Arena, map: DirectMap
  ) {
    guard chainLimit > 0, chainLimit & (chainLimit - 1) == 0, chainLimit <= size,
      let ring = SplitRing(size: size, arena: &arena, map: map),
      let early = arena.carve(count: size / chainLimit, repeating: false)
    else { return nil }
    ring.suppressInterrupts()
    for position in 0..<size {
      ring.setAvailable(
        UInt16(truncatingIfNeeded: position),
        head: UInt16(truncatingIfNeeded: (position & (size / chainLimit - 1)) * chainLimit))
    }
    self.size = size
    slotCount = size / chainLimit
    slotMask = UInt32(truncatingIfNeeded: slotCount &- 1)
    self.chainLimit = UInt32(truncatingIfNeeded: chainLimit)
    byteLimit = writableByteCount == 0 ? .max : UInt32(writableByteCount)
    self.ring = ring
    self.early = early
  }

  /// Chains that can be queued now.
  @inline(__always)
  package var freeSlotCount: Int { slotCount &- Int(queuedCount &- completedCount) }

  /// Chains queued and not taken back yet.
  package var inFlightCount: Int { Int(queuedCount &- completedCount) &- earlyCount }

  /// Chains the device has finished with that nobody has taken back; what a broken queue says is
  /// bounded.
  package var waitingCount: Int {
    isBroken ? 0 : min(Int(ring.usedPosition() &- takenPosition), inFlightCount)
  }

  /// Where the queue lies, for its device.
  package var layout: VirtqueueLayout { ring.layout }

  /// The slot of chain number `count`.
  @inline(__always)
  func slot(_ count: UInt32) -> UInt16 {
    UInt16(truncatingIfNeeded: count & slotMask)
  }

  /// The first descriptor of a slot.
  @inline(__always)
  func head(of slot: UInt16) -> UInt32 { UInt32(slot) &* chainLimit }

  /// The slot of the next chain, if one is free and the queue works.
  @inline(__always)
  package var nextSlot: UInt16? {
    freeSlotCount > 0 && !isBroken ? slot(queuedCount) : nil
  }

  /// Shows the device what was queued since the last call; true when it wants to be notified.
  @inline(__always)
  package mutating func publish() -> Bool {
    let position = UInt16(truncatingIfNeeded: queuedCount)
    guard position != publishedPosition, !isBroken else { return false }
    publishedPosition = position
    ring.publish(position)
    return !ring.isNotificationSuppressed()
  }

  /// Whether the device has work it was shown, and has reported nothing that was not taken.
  func isSilent() -> Bool {
    publishedPosition != takenPosition && !isBroken && ring.usedPosition() == takenPosition
  }

  /// The same, and it wants to be notified.
  package func wantsNotification() -> Bool { isSilent() && !ring.isNotificationSuppressed() }

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
