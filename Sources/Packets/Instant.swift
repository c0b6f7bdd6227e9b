/// A point on the dataplane's clock, in nanoseconds since an arbitrary origin before boot.
///
/// Portable code never reads a clock: `now` is always a parameter, read once per cycle.
package struct Instant: Comparable, Hashable, BitwiseCopyable, Sendable {
  /// Nanoseconds since the origin. 64 bits last 584 years.
  package var nanoseconds: UInt64

  @inline(__always)
  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The latest instant there is: a deadline that never comes.
  package static var distantFuture: Self { Self(nanoseconds: .max) }

  @inline(__always)
  package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The instant `interval` later; wraps after 584 years.
  @inline(__always)
  package static func + (a: Self, interval: Interval) -> Self {
    Self(nanoseconds: a.nanoseconds &+ interval.nanoseconds)
  }

  /// The time since `earlier`, zero if `earlier` is in fact later.
  @inline(__always)
  package func since(_ earlier: Self) -> Interval {
    Interval(
      nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds &- earlier.nanoseconds : 0)
  }
}

/// A length of time in nanoseconds; never negative.
package struct Interval: Comparable, Hashable, BitwiseCopyable, Sendable {
  package var nanoseconds: UInt64

  @inline(__always)
  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static var zero: Self { Self(nanoseconds: 0) }
  @inline(__always)
  package static func microseconds(_ count: UInt64) -> Self { Self(nanoseconds: count &* 1_000) }
  @inline(__always)
  package static func milliseconds(_ count: UInt64) -> Self {
    Self(nanoseconds: count &* 1_000_000)
  }
  @inline(__always)
  package static func seconds(_ count: UInt64) -> Self { Self(nanoseconds: count &* 1_000_000_000) }

  /// Whole microseconds, rounded down.
  @inline(__always)
  package var microseconds: UInt64 { nanoseconds / 1_000 }

  @inline(__always)
  package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inline(__always)
  package static func + (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds &+ b.nanoseconds)
  }
  /// The difference, zero if `b` is longer than `a`.
  @inline(__always)
  package static func - (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds > b.nanoseconds ? a.nanoseconds &- b.nanoseconds : 0)
  }
  @inline(__always)
  package static func * (a: Self, factor: UInt64) -> Self {
    Self(nanoseconds: a.nanoseconds &* factor)
  }
}
