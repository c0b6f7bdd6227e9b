import Packets

/// Decides how many bytes may be in flight. Specialised at compile time: a connection carries the
/// algorithm's state by value.
///
/// When they are sent is not decided here: everything that the window allows leaves in the cycle in
/// which it may. An algorithm that paces (BBR, say) would add a departure time for the next segment
/// to this protocol; `Connection.planNew` is the one place that asks what may be sent, and
/// `ConnectionTimers.other` the timer that would come back to it.
package protocol CongestionControl: BitwiseCopyable, Sendable {
  /// A new connection (RFC 6928, section 2) with segments of `maximumSegment` bytes.
  init(maximumSegment: UInt32)

  /// The same where the algorithm is chosen at run time; others have no choice.
  init(_ choice: CongestionChoice, maximumSegment: UInt32)

  /// cwnd: bytes that may be in flight.
  var window: UInt32 { get }

  /// `event.byteCount` new bytes were acknowledged outside loss recovery.
  mutating func acknowledged(_ event: Acknowledgment)

  /// Loss was detected by acknowledgments, with `inFlight` bytes sent and not acknowledged; called
  /// once for each window of data.
  mutating func congested(inFlight: UInt32, maximumSegment: UInt32, now: Instant)

  /// The peer has seen congestion marks (ECN); called once for each window of data.
  mutating func marked(inFlight: UInt32, maximumSegment: UInt32, now: Instant)

  /// The algorithm needs to know how many bytes were marked: the receiver echoes each mark, as RFC
  /// 8257, section 3.2, describes, and `observed` is called.
  var countsMarks: Bool { get }

  /// With ECN: `byteCount` bytes up to `acknowledgment` were acknowledged, some of them marked where
  /// `isMarked`. `next` is SND.NXT.
  mutating func observed(
    byteCount: UInt32, isMarked: Bool, acknowledgment: SequenceNumber, next: SequenceNumber)

  /// Everything sent before the loss was detected has been acknowledged.
  mutating func recovered(maximumSegment: UInt32)

  /// The retransmission timer expired for the first time for some data.
  mutating func timedOut(inFlight: UInt32, maximumSegment: UInt32, now: Instant)

  /// The latest `congested` or `timedOut` was a mistake: back to the state before it.
  mutating func undone()

  /// The latest reduction belongs to one that `earlier`, the state before it, remembers: `undone` is
  /// to go back to before both.
  mutating func continueReduction(after earlier: Self)

  /// Nothing was sent for longer than a retransmission timeout (RFC 5681, section 4.1).
  mutating func idled(maximumSegment: UInt32)
}

extension CongestionControl {
  package init(_ choice: CongestionChoice, maximumSegment: UInt32) {
    self.init(maximumSegment: maximumSegment)
  }

  /// RFC 3168, section 6.1.2: the same as for a loss.
  package mutating func marked(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    congested(inFlight: inFlight, maximumSegment: maximumSegment, now: now)
  }

  package var countsMarks: Bool { false }

  package mutating func observed(
    byteCount: UInt32, isMarked: Bool, acknowledgment: SequenceNumber, next: SequenceNumber
  ) {}

  /// RFC 6928, section 2: min(10 * MSS, max(2 * MSS, 14600)).
  static func initialWindow(_ maximumSegment: UInt32) -> UInt32 {
    min(10 &* maximumSegment, max(2 &* maximumSegment, 14_600))
  }

  /// No window grows beyond: sequence numbers must stay comparable.
  @inline(__always)
  static var windowLimit: UInt32 { 1 << 30 }
}

/// What a congestion control algorithm learns from an acknowledgment.
package struct Acknowledgment: BitwiseCopyable, Sendable {
  package var byteCount: UInt32
  package var maximumSegment: UInt32
  /// The sender was held back by the congestion window, so that growing it makes sense (RFC 7661).
  package var isWindowLimited: Bool
  /// Microseconds; zero when nothing was measured.
  package var smoothedRoundTrip: UInt32
  package var now: Instant
}
