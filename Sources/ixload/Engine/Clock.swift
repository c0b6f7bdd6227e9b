import Glibc

/// Nanoseconds of a clock that only goes forward.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}

extension UInt64 {
  /// Nanoseconds of so many seconds.
  init(seconds: Double) { self.init(seconds * 1e9) }
}
