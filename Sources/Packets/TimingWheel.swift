/// A hierarchical timing wheel (Varghese and Lauck, SOSP 1987): arm, cancel and expiry cost a few
/// instructions however many timers there are.
///
/// Timers are numbered 0..<count by their user. Four levels of 256 slots; the finest slot is 2^14 ns
/// (16.4 us), so deadlines up to 19 hours ahead are kept exactly and later ones come round again.
/// A timer never fires early and at most one slot late, given a caller that looks often enough.
package struct TimingWheel: ~Copyable {
  private struct Node: BitwiseCopyable {
    var deadlineTick: UInt64 = 0
    var next = TimingWheel.none
    var previous = TimingWheel.none
    /// Index into `heads`; `none` when not armed.
    var slot = TimingWheel.none
    var padding: UInt32 = 0
  }

  private static var none: UInt32 { .max }
  private static var tickShift: UInt64 { 14 }
  private static var levels: Int { 4 }

  private var nodes: Table<Node>
  private var heads: Table<UInt32>
  /// One bit for each slot that is not empty.
  private var occupied = InlineArray<16, UInt64>(repeating: 0)
  private var current: UInt64
  /// No timer fires before this tick.
  private var nextLook = UInt64.max
  package private(set) var armedCount = 0

  /// Nil when the arena is too small.
  package init?(count: Int, now: Instant, arena: inout Arena) {
    guard let nodes = arena.carve(count: count, repeating: Node()),
      let heads = arena.carve(count: 256 * Self.levels, repeating: Self.none)
    else { return nil }
    self.nodes = nodes
    self.heads = heads
    current = now.nanoseconds &>> Self.tickShift
  }

  package func isArmed(_ timer: UInt32) -> Bool { nodes[timer].slot != Self.none }

  /// When the armed timer fires, rounded up to a slot.
  package func deadline(of timer: UInt32) -> Instant {
    Instant(nanoseconds: nodes[timer].deadlineTick &<< Self.tickShift)
  }

  /// Arms `timer`, or moves it when it is armed already.
  package mutating func arm(_ timer: UInt32, at deadline: Instant) {
    cancel(timer)
    let rounding: UInt64 = (1 &<< Self.tickShift) &- 1
    let (sum, overflow) = deadline.nanoseconds.addingReportingOverflow(rounding)
    let tick = (overflow ? .max : sum) &>> Self.tickShift
    insert(timer, tick: tick)
    nextLook = min(nextLook, tick)
    armedCount &+= 1
  }

  /// Does nothing when `timer` is not armed.
  package mutating func cancel(_ timer: UInt32) {
    guard nodes[timer].slot != Self.none else { return }
    unlink(timer)
    armedCount &-= 1
  }

  /// Whether `popExpired` has anything to do now: cheap enough to be asked in every cycle.
  @inline(__always)
  package func isBehind(_ now: Instant) -> Bool {
    now.nanoseconds &>> Self.tickShift >= nextLook
  }

  /// The next timer whose deadline has passed, disarmed; nil when there is none. Called until nil,
  /// or as often as the caller's budget allows.
  package mutating func popExpired(at now: Instant) -> UInt32? {
    let target = now.nanoseconds &>> Self.tickShift
    guard target >= nextLook else { return nil }
    while armedCount > 0 {
      let timer = heads[Int(truncatingIfNeeded: current & 255)]
      if timer != Self.none {
        cancel(timer)
        return timer
      }
      guard current < target else {
        nextLook = nextTickOfInterest()
        return nil
      }
      current = min(nextTickOfInterest(), target)
      if current & 255 == 0 { cascade() }
    }
    current = max(current, target)
    nextLook = .max
    return nil
  }

  /// No timer fires before this instant; nil when none is armed.
  package var earliestDeadline: Instant? {
    armedCount > 0 ? Instant(nanoseconds: nextLook &<< Self.tickShift) : nil
  }

  /// The first tick after the current one at which there is something to do: a slot of the finest
  /// level that is not empty, or one of a coarser level to be moved down.
  private func nextTickOfInterest() -> UInt64 {
    var level: UInt64 = 0
    while level < UInt64(Self.levels) {
      let shift = 8 &* level
      let position = Int(truncatingIfNeeded: (current &>> shift) & 255)
      if let slot = nextOccupied(level: Int(level), after: position) {
        return (current &>> shift & ~255 | UInt64(slot)) &<< shift
      }
      // Slots up to the current position belong to the next turn of this level.
      let next = ((current &>> (shift &+ 8)) &+ 1) &<< (shift &+ 8)
      if nextOccupied(level: Int(level), after: -1) != nil { return next }
      level &+= 1
    }
    return .max
  }

  private func nextOccupied(level: Int, after position: Int) -> Int? {
    var slot = position &+ 1
    while slot < 256 {
      let bits =
        occupied[level &* 4 &+ slot &>> 6] & (.max &<< UInt64(truncatingIfNeeded: slot & 63))
      if bits != 0 { return slot & ~63 | bits.trailingZeroBitCount }
      slot = (slot | 63) &+ 1
    }
    return nil
  }

  private mutating func insert(_ timer: UInt32, tick: UInt64) {
    let tick = max(tick, current)
    let distance = tick &- current
    let level: UInt64 =
      distance < 1 << 8 ? 0 : distance < 1 << 16 ? 1 : distance < 1 << 24 ? 2 : 3
    // Beyond the horizon: the farthest slot, from where it is inserted anew.
    let reachable = distance < 1 << 32 ? tick : current &+ (1 << 32 - 1)
    let position = Int(truncatingIfNeeded: (reachable &>> (8 &* level)) & 255)
    let slot = Int(truncatingIfNeeded: level) &* 256 &+ position
    let head = heads[slot]
    nodes[timer] = Node(
      deadlineTick: tick, next: head, slot: UInt32(truncatingIfNeeded: slot))
    if head != Self.none { nodes[head].previous = timer }
    heads[slot] = timer
    occupied[slot &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: slot & 63)
  }

  private mutating func unlink(_ timer: UInt32) {
    let node = nodes[timer]
    nodes[timer].slot = Self.none
    if node.next != Self.none { nodes[node.next].previous = node.previous }
    if node.previous != Self.none {
      nodes[node.previous].next = node.next
      return
    }
    heads[node.slot] = node.next
    guard node.next == Self.none else { return }
    occupied[Int(node.slot &>> 6)] &= ~(1 &<< UInt64(node.slot & 63))
  }

  /// Moves the timers of the coarser slots that begin at the current tick one level down or more.
  private mutating func cascade() {
    var level = 1
    while level < Self.levels - 1, (current &>> (8 &* UInt64(level))) & 255 == 0 { level &+= 1 }
    while level > 0 {
      let position = Int(truncatingIfNeeded: (current &>> (8 &* UInt64(level))) & 255)
      let slot = level &* 256 &+ position
      var timer = heads[slot]
      heads[slot] = Self.none
      occupied[slot &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: slot & 63))
      while timer != Self.none {
        let next = nodes[timer].next
        insert(timer, tick: nodes[timer].deadlineTick)
        timer = next
      }
      level &-= 1
    }
  }
}
