import Packets
import TCP

// Answers that are late because a core was: a core that its host does not run for some milliseconds
// neither sends what waits with it nor takes in what has arrived, and whoever waits for an answer through
// it must not believe that there is none. A retransmission whose time has come waits until
//
// 1. every core in whose queue the answer may lie says that its queue is empty, and
// 2. each of these cores, and the connection's own, has run for as long again as it stood still before,
//    at most `longestSettling`: what was late is under way then, and its answer, too.

extension NetworkStack {
  /// A gap in the core's time that counts as standing still: many times the longest cycle.
  package static var standstill: Interval { .milliseconds(1) }

  /// Several round trips.
  private static var longestSettling: Interval { .milliseconds(10) }

  /// The core has not had its turn for `gap`, up to `now`. One that has hardly settled is not late but
  /// slow, and that must not keep it from repairing losses.
  @inline(never)
  package mutating func stoodStill(for gap: Interval, until now: Instant) {
    guard now >= settledAt + Self.longestSettling else { return }
    settledAt = now + min(gap, Self.longestSettling)
  }

  /// Moves on what TCP may believe, as far as that is this core's to say; called when its queue is empty.
  @inline(__always)
  mutating func hearHere(now: Instant) {
    if links.feeders == 0, now >= settledAt { tcp.heardUntil = now }
  }

  /// Asks the other cores for what they have, once, when a retransmission waits for that.
  mutating func listenToOthers(now: Instant, pool: inout PacketPool) {
    tcp.awaitsHearing = false
    guard links.feeders != 0, unheard == 0 else { return }
    var rest = links.feeders
    while rest != 0 {
      let core = rest.trailingZeroBitCount
      rest &= rest &- 1
      if links.tell(.listen, to: core, pool: &pool) { unheard |= 1 &<< UInt64(core) }
    }
    // One that could not be asked is asked the next time; nothing is believed before.
    askedAt = unheard == links.feeders ? now : nil
  }

  /// `core` has nothing more for this one. When all have said so, nothing is missing that had come by
  /// the time they were asked.
  mutating func hear(from core: Int, now: Instant) {
    unheard &= ~(1 &<< UInt64(core))
    guard unheard == 0, let askedAt, now >= settledAt else { return }
    tcp.heardUntil = askedAt
  }

  /// `core` has asked: what waits now must have been taken before it is answered.
  mutating func beginListening<Device: NetworkDevice & ~Copyable>(
    for core: Int, device: borrowing Device
  ) {
    unansweredListens |= 1 &<< UInt64(core)
    hearingGoal = device.receivedFrameCount &+ UInt64(truncatingIfNeeded: device.waitingFrameCount)
  }

  /// Answers `.listen` once the queue has been empty, or what it held has been taken, and this core has
  /// settled.
  mutating func answerListeners<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: borrowing Device, pool: inout PacketPool
  ) {
    guard now >= settledAt,
      device.waitingFrameCount == 0 || device.receivedFrameCount >= hearingGoal
    else { return }
    for core in 0..<links.coreCount {
      let bit: UInt64 = 1 &<< UInt64(core)
      guard unansweredListens & bit != 0 else { continue }
      if links.tell(.heard, to: core, pool: &pool) { unansweredListens &= ~bit }
    }
  }
}
