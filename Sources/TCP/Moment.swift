import Packets

/// One instant in all the units that segments need, so that each is computed once in a cycle.
struct Moment: BitwiseCopyable {
  private(set) var instant = Instant(nanoseconds: 0)
  /// Modulo 2^32, like the others.
  private(set) var microseconds: UInt32 = 0
  /// Of the timestamps option, before the flow's offset is added.
  private(set) var milliseconds: UInt32 = 0
  private(set) var seconds: UInt32 = 0

  @inline(__always)
  mutating func move(to now: Instant) {
    if now != instant { self = Self(now) }
  }

  init() {}

  @inline(never)
  private init(_ now: Instant) {
    instant = now
    microseconds = now.shortMicroseconds
    milliseconds = UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000)
    seconds = now.seconds
  }
}
