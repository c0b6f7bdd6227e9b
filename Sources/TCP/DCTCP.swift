import Packets

/// Data Center TCP (RFC 8257): the window shrinks by how much of it was marked, so that queues stay
/// short where switches mark early. For losses it is NewReno.
package struct DCTCP: CongestionControl {
  private var reno: NewReno
  /// DCTCP.Alpha: the share of marked bytes, in 1/65536. One to begin with (section 3.3).
  package private(set) var alpha: UInt32 = 1 << 16
  /// DCTCP.BytesAcked and DCTCP.BytesMarked.
  private var acknowledgedByteCount: UInt32 = 0
  private var markedByteCount: UInt32 = 0
  /// DCTCP.WindowEnd; none before the first acknowledgment.
  private var windowEnd: SequenceNumber?

  package init(maximumSegment: UInt32) { reno = NewReno(maximumSegment: maximumSegment) }

  @inline(__always)
  package var window: UInt32 { reno.window }
  package var countsMarks: Bool { true }

  /// Section 3.3, steps 1 to 7: alpha = alpha * (1 - g) + g * M, g = 1/16, once in a window.
  package mutating func observed(
    byteCount: UInt32, isMarked: Bool, acknowledgment: SequenceNumber, next: SequenceNumber
  ) {
    acknowledgedByteCount &+= byteCount
    if isMarked { markedByteCount &+= byteCount }
    // An end beyond what was sent is of an earlier turn of the sequence space.
    if let windowEnd, acknowledgment <= windowEnd, windowEnd <= next { return }
    if windowEnd != nil, acknowledgedByteCount > 0 {
      let share = UInt64(markedByteCount) &<< 16 / UInt64(acknowledgedByteCount)
      alpha = alpha &- alpha &>> 4 &+ UInt32(truncatingIfNeeded: share &>> 4)
      // What the shift leaves over must not stay for ever.
      if share == 0, alpha < 16 { alpha = 0 }
    }
    windowEnd = next
    acknowledgedByteCount = 0
    markedByteCount = 0
  }

  /// Section 3.3, step 9: cwnd = cwnd * (1 - alpha / 2).
  package mutating func marked(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    let reduction = (UInt64(reno.window) &* UInt64(alpha)) &>> 17
    reno.reduce(
      to: max(
        reno.window &- UInt32(truncatingIfNeeded: reduction), 2 &* maximumSegment))
  }

  package mutating func acknowledged(_ event: Acknowledgment) { reno.acknowledged(event) }

  /// Section 3.5: a loss is answered as ever.
  package mutating func congested(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    reno.congested(inFlight: inFlight, maximumSegment: maximumSegment, now: now)
  }

  package mutating func recovered(maximumSegment: UInt32) {
    reno.recovered(maximumSegment: maximumSegment)
  }

  package mutating func timedOut(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    reno.timedOut(inFlight: inFlight, maximumSegment: maximumSegment, now: now)
  }

  package mutating func undone() { reno.undone() }

  package mutating func continueReduction(after earlier: Self) {
    reno.continueReduction(after: earlier.reno)
  }

  package mutating func idled(maximumSegment: UInt32) { reno.idled(maximumSegment: maximumSegment) }
}
