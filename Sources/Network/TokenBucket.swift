import Packets

/// Limits how often something may happen: `burst` times at once, once per `interval` on average.
///
/// It remembers one instant, the generic cell rate algorithm's theoretical arrival time (ITU-T
/// I.371, annex A), so there is no refill to run.
package struct TokenBucket: BitwiseCopyable {
  private let interval: Interval
  private let tolerance: Interval
  private var due = Instant(nanoseconds: 0)

  package init(burst: UInt64, interval: Interval) {
    self.interval = interval
    tolerance = interval * max(burst, 1) - interval
  }

  /// Whether it may happen once more now.
  package mutating func take(at now: Instant) -> Bool {
    guard due <= now + tolerance else { return false }
    due = max(due, now) + interval
    return true
  }
}
