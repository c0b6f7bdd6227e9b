import Packets

/// Turns the processor's time-stamp counter into instants: a multiplication and a shift.
package struct TickClock: BitwiseCopyable, Sendable {
  package let ticksPerSecond: UInt64
  private let origin: UInt64
  /// Nanoseconds per tick, 32 bits of fraction: exact to a part in 10^9 from 250 MHz up.
  private let multiplier: UInt64

  /// Instant zero is when the counter reads `origin`. nil for a frequency of no real counter:
  /// below 1 MHz or above 100 GHz.
  package init?(ticksPerSecond: UInt64, origin: UInt64) {
    guard ticksPerSecond >= 1_000_000, ticksPerSecond <= 100_000_000_000 else { return nil }
    self.ticksPerSecond = ticksPerSecond
    self.origin = origin
    multiplier = (1_000_000_000 << 32 &+ ticksPerSecond / 2) / ticksPerSecond
  }

  /// The instant at which the counter reads `ticks`; a reading before the origin is instant zero.
  @inline(__always)
  package func instant(at ticks: UInt64) -> Instant {
    guard ticks > origin else { return Instant(nanoseconds: 0) }
    let product = (ticks &- origin).multipliedFullWidth(by: multiplier)
    return Instant(nanoseconds: product.high &<< 32 | product.low &>> 32)
  }
}
