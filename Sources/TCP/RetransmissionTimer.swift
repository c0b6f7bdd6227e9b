import Packets

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

  init(initial: Interval) { base = UInt32(truncatingIfNeeded: initial.microseconds) }

  /// SRTT in microseconds; zero before the first measurement.
  var smoothedRoundTrip: UInt32 { smoothedEighths &>> 3 }
  var hasMeasured: Bool { smoothedEighths != 0 }

  /// RFC 6298, sections 2.2 and 2.3, for a round trip of `microseconds` of a segment that was sent
  /// once (Karn's rule is the caller's).
  @inline(__always)
  mutating func measure(microseconds: UInt32, minimum: Interval, maximum: Interval) {
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
    // RTO = SRTT + max(G, 4 * RTTVAR); the wheel's slot of 16 us rounds up by itself.
    let timeout = Interval.microseconds(
      UInt64(smoothedEighths &>> 3) &+ UInt64(max(variationQuarters, 16)))
    base = UInt32(truncatingIfNeeded: min(max(timeout, minimum), maximum).microseconds)
  }

  /// The timeout now, doubled as often as it has expired.
  @inline(__always)
  func timeout(maximum: Interval) -> Interval {
    let doubled = Interval.microseconds(UInt64(base) &<< UInt64(min(backoffCount, 30)))
    return min(doubled, max(maximum, .microseconds(1)))
  }

  mutating func backOff() { if backoffCount < 30 { backoffCount &+= 1 } }

  /// New data was acknowledged (RFC 6298, section 5.3, with section 5.7's note on backoff).
  @inline(__always)
  mutating func progressed() { backoffCount = 0 }

  /// RFC 6298, section 5.7: the timer of the SYN expired, and data transmission begins.
  mutating func handshakeWasRetransmitted() {
    if !hasMeasured { base = max(base, 3_000_000) }
  }
}
