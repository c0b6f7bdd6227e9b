import IXABI
import Packets

/// The timers of an application on one core: it numbers them, the kernel only keeps the time.
package struct UserTimers: ~Copyable {
  private var wheel: TimingWheel
  private var cookies: Table<UInt64>

  /// Nil when the arena is too small for `count` timers.
  package init?(count: Int, now: Instant, arena: inout Arena) {
    guard let wheel = TimingWheel(count: count, now: now, arena: &arena),
      let cookies = arena.carve(count: count, repeating: 0 as UInt64)
    else { return nil }
    self.wheel = wheel
    self.cookies = cookies
  }

  package var count: Int { cookies.count }
  package var armedCount: Int { wheel.armedCount }
  /// No timer fires before; nil when none is armed.
  package var nextDeadline: Instant? { wheel.earliestDeadline }

  /// Arms timer `number`, or moves it; `.badArgument` when there is no such timer.
  mutating func arm(_ number: UInt64, after interval: Interval, cookie: UInt64, now: Instant)
    -> Status
  {
    guard number < UInt64(truncatingIfNeeded: cookies.count) else { return .badArgument }
    let timer = UInt32(truncatingIfNeeded: number)
    wheel.cancel(timer)
    // An empty wheel is not turned by every cycle.
    if wheel.armedCount == 0 { _ = wheel.popExpired(at: now) }
    let (sum, overflow) = now.nanoseconds.addingReportingOverflow(interval.nanoseconds)
    wheel.arm(timer, at: overflow ? .distantFuture : Instant(nanoseconds: sum))
    cookies[timer] = cookie
    return .ok
  }

  /// `.badArgument` when there is no such timer.
  mutating func cancel(_ number: UInt64) -> Status {
    guard number < UInt64(truncatingIfNeeded: cookies.count) else { return .badArgument }
    wheel.cancel(UInt32(truncatingIfNeeded: number))
    return .ok
  }

  /// Reports timers whose time has come. The others are kept for the next cycle, as are those that
  /// would leave the network less than half of the room.
  @inline(__always)
  mutating func fire(now: Instant, into events: inout EventArray) {
    guard wheel.armedCount > 0 else { return }
    let limit = events.count &+ max(events.roomCount / 2, 1)
    while events.count < limit, events.roomCount > 0, let timer = wheel.popExpired(at: now) {
      events.timerFired(timer, cookie: cookies[timer])
    }
  }
}
