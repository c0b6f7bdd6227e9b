import Packets
import Wire

// Tail loss probes (RFC 8985, section 7), for connections with SACK.

extension Connection {
  /// What the retransmission timer is to wait for now.
  @inline(__always)
  mutating func armRetransmissionTimer(now: Instant, _ configuration: borrowing Configuration) {
    let timeout = retransmission.timeout(within: configuration.timeoutBounds)
    timers.retransmission = now + timeout
    guard canProbeTail else {
      timers.purpose = .retransmission
      return
    }
    timers.purpose = .tailProbe
    // The peer may delay the ACK of a lone segment (WCDelAckT), or of several small ones as has been
    // seen: it gets the whole timeout.
    guard scoreboard.count > 1, retransmission.patience == 0 else { return }
    let probe = probeInterval
    if probe < timeout { timers.retransmission = now + probe }
  }

  /// RFC 8985, section 7.2: SACK, nothing SACKed, not in recovery, no probe under way.
  @inline(__always)
  private var canProbeTail: Bool {
    flags.contains(.sackPermitted)
      && !flags.intersects(.inRecovery | .inTimeoutRecovery | .tailProbed)
      && retransmission.backoffCount == 0 && scoreboard.sackedByteCount == 0 && send.window > 0
  }

  /// PTO, TLP_calc_PTO: twice the smoothed round trip.
  @inline(__always)
  private var probeInterval: Interval {
    retransmission.hasMeasured
      ? .microseconds(2 &* UInt64(retransmission.smoothedRoundTrip) &+ 32) : .seconds(1)
  }

  /// The probe timer expired: TLP_send_probe (RFC 8985, section 7.3). New data if there is some and
  /// the peer's window takes it, else the segment sent last.
  mutating func expireTailProbe(now: Instant, resources: inout Resources) -> Reaction {
    let configuration = resources.configuration
    guard canProbeTail, !scoreboard.isEmpty else {
      return expireRetransmission(now: now, resources: &resources)
    }
    // The timer runs from the oldest segment; the probe is due a PTO after the newest.
    let age = now.shortMicroseconds &- resources.segments[scoreboard.tail].sentAt
    let interval = UInt32(truncatingIfNeeded: probeInterval.microseconds)
    if scoreboard.count > 1, age < interval {
      timers.purpose = .tailProbe
      timers.retransmission = now + .microseconds(UInt64(interval &- age))
      return .none
    }
    timers.retransmission = now + retransmission.timeout(within: configuration.timeoutBounds)
    timers.purpose = .retransmission
    resources.counters.tailProbes &+= 1
    flags.insert(.tailProbed)
    detection.flags.remove(.probeIsRetransmission)
    let byteCount = min(sendQueue.unsentByteCount, send.maximumSegment)
    let edge = send.unacknowledged.advanced(by: send.window)
    if byteCount > 0, send.next.advanced(by: byteCount) <= edge,
      scoreboard.count < configuration.sentSegmentLimit
    {
      detection.tailProbeEnd = send.next.advanced(by: byteCount)
      flags.insert(.probeDue)
      return .output
    }
    repeatTail(resources: &resources)
    return .output
  }

  /// Sends the last segment again, as if it were lost.
  private mutating func repeatTail(resources: inout Resources) {
    detection.tailProbeEnd = send.next
    detection.flags.insert(.probeIsRetransmission)
    flags.insert(.retransmitNow)
    let byteCount = resources.segments[scoreboard.tail].byteCount
    if byteCount > send.maximumSegment {
      _ = scoreboard.split(
        scoreboard.tail, after: byteCount &- send.maximumSegment, segments: &resources.segments,
        elements: resources.elements)
    }
    scoreboard.markLost(scoreboard.tail, segments: &resources.segments)
  }

  /// TLP_process_ack (RFC 8985, section 7.4.2); a DSACK has been looked at before. A probe that
  /// repaired a loss must not hide it from congestion control.
  mutating func concludeTailProbe(_ segment: IncomingSegment, now: Instant) {
    guard segment.acknowledgment >= detection.tailProbeEnd else { return }
    guard detection.flags.contains(.probeIsRetransmission) else {
      endTailProbe()
      return
    }
    guard segment.acknowledgment > detection.tailProbeEnd else { return }
    endTailProbe()
    retransmission.wasNeeded()
    guard !flags.intersects(.inRecovery | .inTimeoutRecovery) else { return }
    control.congested(
      inFlight: send.next.distance(from: send.unacknowledged),
      maximumSegment: send.maximumSegment, now: now)
    control.recovered(maximumSegment: send.maximumSegment)
  }

  /// The acknowledgment repeats the one that answered the probe, and reports nothing: both copies
  /// have arrived.
  mutating func concludeTailProbe(byDuplicate segment: IncomingSegment) {
    guard flags.contains(.tailProbed), segment.acknowledgment == detection.tailProbeEnd,
      segment.payloadByteCount == 0
    else { return }
    endTailProbe()
  }

  /// TLP.end_seq = None.
  mutating func endTailProbe() { flags.remove(.tailProbed | .probeDue) }

  /// Bytes of new data that a probe sends: of a closed window one, of the tail a segment, and of a
  /// window that was too small for anything all that it takes (the override timeout of RFC 9293,
  /// section 3.8.6.2.1).
  @inline(__always)
  var probeByteCount: UInt32 {
    let limit =
      flags.contains(.tailProbed)
      ? send.maximumSegment : min(max(send.window, 1), send.maximumSegment)
    return min(sendQueue.unsentByteCount, limit)
  }
}
