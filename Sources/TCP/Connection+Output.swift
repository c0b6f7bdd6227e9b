import Packets
import Wire

// What to send: RFC 9293, section 3.8; what may be sent: RFC 5681 and RFC 6675, section 5.

/// A segment that may be sent now.
struct SegmentPlan: BitwiseCopyable {
  var sequence: SequenceNumber
  var byteCount: UInt32
  var position: SendPosition
  var hasFIN = false
  var isPushed = false
  /// The record of the segment that is sent again; `none` for new data.
  var record = PacketPool.none
}

extension Connection {
  /// There is data, or a FIN, that has never been sent.
  @inline(__always)
  var hasUnsent: Bool { sendQueue.unsentByteCount > 0 || isFINUnsent }

  @inline(__always)
  private var isFINUnsent: Bool { flags.contains(.finQueued) && !flags.contains(.finSent) }

  /// Bytes in the network: not counting what duplicate acknowledgments have reported.
  @inline(__always)
  private var inFlight: UInt32 {
    scoreboard.inFlightByteCount &- min(send.duplicateCredit, scoreboard.inFlightByteCount)
  }

  /// The next segment, of at most `limit` payload bytes, or nil when nothing may be sent now.
  @inline(__always)
  mutating func planSegment(limit: UInt32, resources: inout Resources) -> SegmentPlan? {
    guard state.canTransmit else { return nil }
    if scoreboard.lostCount > 0 { return planRetransmission(resources: &resources) }
    return hasUnsent ? planNew(limit: limit, resources: resources) : nil
  }

  private mutating func planRetransmission(resources: inout Resources) -> SegmentPlan? {
    guard let index = scoreboard.firstLost(segments: resources.segments) else { return nil }
    let byteCount = min(resources.segments[index].byteCount, send.maximumSegment)
    guard flags.contains(.retransmitNow) || inFlight &+ byteCount <= control.window else {
      flags.insert(.windowLimited)
      return nil
    }
    guard resize(index, to: byteCount, resources: &resources) else { return nil }
    let segment = resources.segments[index]
    return SegmentPlan(
      sequence: segment.sequence, byteCount: segment.byteCount, position: segment.position,
      hasFIN: segment.flags.contains(.fin), isPushed: true, record: index)
  }

  /// Makes a record stand for `byteCount` bytes; false when there is no record for the rest.
  mutating func resize(_ index: UInt32, to byteCount: UInt32, resources: inout Resources) -> Bool {
    guard byteCount < resources.segments[index].byteCount else { return true }
    return scoreboard.split(
      index, after: byteCount, segments: &resources.segments, elements: resources.elements)
  }

  @inline(__always)
  private mutating func planNew(limit: UInt32, resources: borrowing Resources) -> SegmentPlan? {
    guard scoreboard.count < resources.configuration.sentSegmentLimit,
      resources.segments.freeCount > 0
    else { return nil }
    let unsent = sendQueue.unsentByteCount
    // CWR goes on one segment, not on all that the device makes of a long one.
    let limit = flags.contains(.reductionDue) ? min(limit, send.maximumSegment) : limit
    let byteCount = flags.contains(.probeDue) ? probeByteCount : allowance(limit: limit)
    guard byteCount > 0 || unsent == 0 else { return nil }
    return SegmentPlan(
      sequence: send.next, byteCount: byteCount, position: sendQueue.unsent,
      hasFIN: byteCount == unsent && isFINUnsent, isPushed: byteCount == unsent)
  }

  /// How many new bytes may be sent in one segment: the peer's window, the congestion window, and
  /// no silly segments (RFC 9293, section 3.8.6.2.1).
  @inline(__always)
  private mutating func allowance(limit: UInt32) -> UInt32 {
    let unsent = sendQueue.unsentByteCount
    let edge = send.unacknowledged.advanced(by: send.window)
    let usable = edge > send.next ? edge.distance(from: send.next) : 0
    let wanted = min(min(unsent, usable), limit)
    let inFlight = inFlight
    let room = control.window > inFlight ? control.window &- inFlight : 0
    var byteCount = wanted
    if wanted > room {
      flags.insert(.windowLimited)
      byteCount = room >= send.maximumSegment ? room : inFlight == 0 ? send.maximumSegment : 0
      byteCount = min(byteCount, wanted)
    } else {
      flags.remove(.windowLimited)
    }
    guard byteCount < unsent else {
      return flags.contains(.coalesces) ? coalesced(byteCount) : byteCount
    }
    if byteCount >= send.maximumSegment {
      // Whole segments while there is more to come.
      return byteCount == send.maximumSegment
        ? byteCount : byteCount &- byteCount % send.maximumSegment
    }
    return byteCount >= max(1, send.maximumWindow / 2) ? byteCount : 0
  }

  /// Chooses Nagle's algorithm; what it has held back goes when it is given up.
  mutating func coalesce(_ isWanted: Bool) {
    if isWanted { flags.insert(.coalesces) } else { flags.remove(.coalesces) }
  }

  /// Nagle's algorithm (RFC 9293, section 3.7.4): what does not fill a segment waits while anything
  /// is not acknowledged. Nothing waits that a FIN follows.
  @inline(never)
  private func coalesced(_ byteCount: UInt32) -> UInt32 {
    if isFINUnsent || (scoreboard.isEmpty && byteCount <= send.maximumSegment) { return byteCount }
    return byteCount &- byteCount % send.maximumSegment
  }

  /// RFC 5681, section 4.1: after an idle timeout the window says nothing about the path any more.
  @inline(__always)
  mutating func noteIdleness(now: Instant, _ configuration: borrowing Configuration) {
    let timeout = retransmission.timeout(within: configuration.timeoutBounds)
    guard now.since(timers.stalledSince) > timeout else { return }
    control.idled(maximumSegment: send.maximumSegment)
  }

  /// What undoing a needless repair needs to know (RFC 3522, section 3.2, step 1).
  private mutating func noteRetransmission(of byteCount: UInt32, now: Instant) {
    guard detection.flags.contains(.isUndoable) else { return }
    if detection.unreportedByteCount == 0, flags.contains(.timestamps) {
      detection.retransmittedAt = timestampValue(at: now)
      detection.flags.insert(.awaitsEcho)
    }
    detection.unreportedByteCount = min(detection.unreportedByteCount &+ byteCount, 1 << 30)
  }

  /// A planned segment is on its way.
  @inline(__always)
  mutating func transmitted(
    _ plan: SegmentPlan, ticket: UInt32, now: Instant, resources: inout Resources
  ) {
    let time = now.shortMicroseconds
    if plan.byteCount > 0 {
      release.lastTicket = ticket
      flags.insert(.hasTransmitted)
    }
    flags.remove(.acknowledgments | .probeDue)
    resources.counters.sentSegments &+= 1
    resources.counters.sentBytes &+= UInt64(plan.byteCount)
    guard plan.record == PacketPool.none else {
      resources.counters.retransmittedSegments &+= 1
      flags.remove(.retransmitNow)
      noteRetransmission(of: plan.byteCount, now: now)
      scoreboard.retransmitted(plan.record, at: time, segments: &resources.segments)
      restartRetransmissionTimer(now: now, resources.configuration)
      limitTimerByPatience()
      return
    }
    if scoreboard.isEmpty { noteIdleness(now: now, resources.configuration) }
    if scoreboard.count == 1, timers.purpose == .tailProbe {
      // No longer a lone segment, for which the probe waits longer.
      armRetransmissionTimer(now: now, resources.configuration)
    } else {
      startRetransmissionTimer(now: now, resources.configuration)
    }
    scoreboard.append(
      SentSegment(
        sequence: plan.sequence, byteCount: plan.byteCount, position: plan.position, sentAt: time,
        flags: plan.hasFIN ? .fin : .none),
      segments: &resources.segments)
    sendQueue.advance(by: plan.byteCount, elements: resources.elements)
    send.next = plan.sequence.advanced(by: plan.byteCount &+ (plan.hasFIN ? 1 : 0))
    if plan.hasFIN { flags.insert(.finSent) }
  }
}
