import Packets

/// Between what a retransmission timeout lies, in microseconds; the minimum is at most 2^25, the
/// maximum not zero.
struct TimeoutBounds: BitwiseCopyable, Sendable {
  var minimum: UInt32 = 5_000
  var maximum: UInt32 = 60_000_000
}

/// The retransmission timeout of one connection (RFC 6298), in microseconds.
struct RetransmissionTimer: BitwiseCopyable, Sendable {
  /// SRTT, in eighths of a microsecond; zero before the first measurement.
  private var smoothedEighths: UInt32 = 0
  /// RTTVAR, in quarters of a microsecond.
  private var variationQuarters: UInt32 = 0
  /// RTO before backoff, in microseconds.
  private var base: UInt32
  /// How often the timeout has been doubled (RFC 6298, section 5.5).
  private(set) var backoffCount: UInt8 = 0
  /// How often the minimum has been doubled for this peer, because it delays acknowledgments by more.
  private(set) var patience: UInt8 = 0

  init(initial: Interval) { base = UInt32(truncatingIfNeeded: initial.microseconds) }

  /// SRTT in microseconds; zero before the first measurement.
  var smoothedRoundTrip: UInt32 { smoothedEighths &>> 3 }
  var hasMeasured: Bool { smoothedEighths != 0 }

  /// RFC 6298, sections 2.2 and 2.3, for a round trip of `microseconds` of a segment that was sent
  /// once (Karn's rule is the caller's).
  @inline(__always)
  mutating func measure(microseconds: UInt32, within bounds: TimeoutBounds) {
    // 2^26 us is beyond any timeout; the limit keeps the fixed-point numbers in 32 bits.
    let sample = min(max(microseconds, 1), 1 << 26)
    if smoothedEighths == 0 {
      smoothedEighths = sample &<< 3
      variationQuarters = sample &<< 1
    } else {
      let smoothed = smoothedEighths &>> 3
      let error = smoothed > sample ? smoothed &- sample : sample &- smoothed
      variationQuarters = variationQuarters &- variationQuarters &>> 2 &+ error
      smoothedEighths = max(1, smoothedEighths &- smoothedEighths &>> 3 &+ sample)
    }
    // RTO = SRTT + max(G, 4 * RTTVAR), below 2^30; the wheel's slot of 16 us rounds up by itself.
    let timeout = smoothedEighths &>> 3 &+ max(variationQuarters, 16)
    base = min(max(timeout, minimum(within: bounds)), bounds.maximum)
  }

  /// The timeout now, doubled as often as it has expired.
  @inline(__always)
  func timeout(within bounds: TimeoutBounds) -> Interval {
    let doubled = backoffCount == 0 ? UInt64(base) : UInt64(base) &<< UInt64(min(backoffCount, 30))
    return .microseconds(min(doubled, UInt64(bounds.maximum)))
  }

  mutating func backOff() { if backoffCount < 30 { backoffCount &+= 1 } }

  /// New data was acknowledged (RFC 6298, section 5.3, with section 5.7's note on backoff).
  @inline(__always)
  mutating func progressed() { backoffCount = 0 }

  /// A timer repeated what had arrived. A lone segment's acknowledgment may be delayed by 40 ms or
  /// 200 ms, depending on the system, and the timeout of a short path must learn that (RFC 4015,
  /// section 3.2, raises it for the same reason).
  mutating func wasHasty(within bounds: TimeoutBounds) {
    guard patience < 6, minimum(within: bounds) < 200_000 else { return }
    patience &+= 1
    base = min(max(base, minimum(within: bounds)), bounds.maximum)
  }

  /// A timer repaired a loss: the next may be found sooner again.
  mutating func wasNeeded() { if patience > 0 { patience &-= 1 } }

  /// Microseconds.
  @inline(__always)
  private func minimum(within bounds: TimeoutBounds) -> UInt32 {
    bounds.minimum &<< UInt32(patience)
  }

  /// RFC 6298, section 5.7: the timer of the SYN expired, and data transmission begins.
  mutating func handshakeWasRetransmitted() {
    if !hasMeasured { base = max(base, 3_000_000) }
  }
}
