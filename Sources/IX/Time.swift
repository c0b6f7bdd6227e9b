import CIX

/// A length of time in nanoseconds, up to 584 years; never negative.
public struct Interval: Comparable, Hashable, BitwiseCopyable, Sendable {
  public var nanoseconds: UInt64

  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  public static var zero: Self { Self(nanoseconds: 0) }
  public static func microseconds(_ count: UInt64) -> Self { Self(nanoseconds: count &* 1_000) }
  public static func milliseconds(_ count: UInt64) -> Self { Self(nanoseconds: count &* 1_000_000) }
  public static func seconds(_ count: UInt64) -> Self { Self(nanoseconds: count &* 1_000_000_000) }

  /// Whole microseconds, rounded down.
  public var microseconds: UInt64 { nanoseconds / 1_000 }
  /// Whole milliseconds, rounded down.
  public var milliseconds: UInt64 { nanoseconds / 1_000_000 }
  /// Whole seconds, rounded down.
  public var seconds: UInt64 { nanoseconds / 1_000_000_000 }

  public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// A point in time, in nanoseconds since some moment before the application began. It says nothing
/// about the time of day.
public struct Instant: Comparable, Hashable, BitwiseCopyable, Sendable {
  public var nanoseconds: UInt64

  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Now, from the processor's time-stamp counter: about ten instructions, no system call.
  public static var now: Instant {
    let product = ix_ticks().multipliedFullWidth(by: Core.current.nanosecondsPerTick)
    return Instant(nanoseconds: product.high &<< 32 | product.low &>> 32)
  }

  /// The time since `earlier`; zero if that is in fact later.
  public func since(_ earlier: Instant) -> Interval {
    Interval(
      nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds &- earlier.nanoseconds : 0)
  }

  public static func + (instant: Instant, interval: Interval) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ interval.nanoseconds)
  }

  public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
}
