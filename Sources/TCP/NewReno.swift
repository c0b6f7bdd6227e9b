import Packets

/// Slow start, congestion avoidance and the window side of fast recovery (RFC 5681, RFC 6582).
///
/// Which segments are lost and what may be sent in recovery is the connection's business: it counts
/// the bytes in flight exactly, so the window is not inflated by duplicate acknowledgments
/// (RFC 6675, section 5, has the same effect).
package struct NewReno: CongestionControl {
  package private(set) var window: UInt32
  /// ssthresh.
  private var slowStartThreshold: UInt32 = 1 << 30
  /// Bytes acknowledged since the window last grew (RFC 3465, section 2.1).
  private var acknowledgedByteCount: UInt32 = 0
  /// `window` and `slowStartThreshold` before the latest reduction.
  private var previousWindow: UInt32 = 0
  private var previousThreshold: UInt32 = 1 << 30

  package init(maximumSegment: UInt32) { window = Self.initialWindow(maximumSegment) }

  package mutating func acknowledged(_ event: Acknowledgment) {
    guard event.isWindowLimited, window < Self.windowLimit else { return }
    if window < slowStartThreshold {
      // RFC 5681, equation 2, without the L of RFC 3465: a receiver that works in batches
      // acknowledges each of them once.
      window &+= min(event.byteCount, window)
      return
    }
    acknowledgedByteCount &+= min(event.byteCount, window)
    guard acknowledgedByteCount >= window else { return }
    acknowledgedByteCount &-= window
    window &+= event.maximumSegment
  }

  package mutating func congested(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    remember()
    slowStartThreshold = max(inFlight / 2, 2 &* maximumSegment)  // RFC 5681, equation 4
    window = slowStartThreshold
    acknowledgedByteCount = 0
  }

  package mutating func recovered(maximumSegment: UInt32) {
    window = max(slowStartThreshold, 2 &* maximumSegment)
  }

  package mutating func timedOut(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    remember()
    slowStartThreshold = max(inFlight / 2, 2 &* maximumSegment)
    window = maximumSegment
    acknowledgedByteCount = 0
  }

  /// A reduction that somebody else has measured.
  mutating func reduce(to byteCount: UInt32) {
    remember()
    slowStartThreshold = byteCount
    window = byteCount
    acknowledgedByteCount = 0
  }

  private mutating func remember() {
    previousWindow = window
    previousThreshold = slowStartThreshold
  }

  package mutating func undone() {
    window = max(window, previousWindow)
    slowStartThreshold = max(slowStartThreshold, previousThreshold)
  }

  package mutating func continueReduction(after earlier: Self) {
    previousWindow = earlier.previousWindow
    previousThreshold = earlier.previousThreshold
  }

  package mutating func idled(maximumSegment: UInt32) {
    window = min(window, Self.initialWindow(maximumSegment))
  }
}
