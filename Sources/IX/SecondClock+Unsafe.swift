import CIX

/// Whole seconds since the clock was made, for those who ask often and need no more: a few instructions.
public struct SecondClock: BitwiseCopyable {
  private let ticksPerSecond: UInt64
  private var nextTick: UInt64
  /// As of the last `advance`.
  public private(set) var second: UInt32 = 0

  public init() {
    // SAFETY: the kernel maps the page, read-only, for the life of the application.
    ticksPerSecond = unsafe max(ix_startup_page()?.pointee.ticks_per_second ?? 0, 1)
    nextTick = ix_ticks() &+ ticksPerSecond
  }

  /// Reads the time-stamp counter; true when another second has begun.
  @inline(__always)
  public mutating func advance() -> Bool {
    let now = ix_ticks()
    guard now >= nextTick else { return false }
    let passed = (now &- nextTick) / ticksPerSecond &+ 1
    nextTick &+= passed &* ticksPerSecond
    second &+= UInt32(truncatingIfNeeded: passed)
    return true
  }
}
