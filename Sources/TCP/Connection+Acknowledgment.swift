import Packets
import Wire

// RFC 9293, section 3.10.7.4, fifth step: the ACK field; loss recovery by RFC 5681 and RFC 6582.

extension Connection {
  /// An acceptable acknowledgment arrived, perhaps an old one.
  @inline(__always)
  mutating func receiveAcknowledgment(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    if segment.options.sackBlockCount > 0, flags.contains(.sackPermitted) {
      return receiveSACK(segment, now: now, resources: &resources, pool: &pool)
    }
    return receiveCumulative(segment, now: now, resources: &resources, pool: &pool)
  }

  @inline(__always)
  mutating func receiveCumulative(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    if segment.acknowledgment > send.unacknowledged {
      let reaction = advance(by: segment, now: now, resources: &resources, pool: &pool)
      if state == .closed { return reaction }
      return reaction | updateSendWindow(segment, resources: &resources)
    }
    var reaction = Reaction.none
    // A peer that answers probes of its closed window is alive (RFC 9293, section 3.8.6.1). Once
    // the application is gone, though, nobody waits for it without end.
    if send.window == 0, !flags.contains(.abandoned) { timers.stalledSince = now }
    if flags.contains(.sackPermitted) {
      if segment.options.sackBlockCount == 0 { concludeTailProbe(byDuplicate: segment) }
    } else if isDuplicate(segment) {
      reaction = receiveDuplicate(now: now, resources: &resources)
    }
    return reaction | updateSendWindow(segment, resources: &resources)
  }

  /// SND.UNA < SEG.ACK =< SND.NXT.
  @inline(__always)
  private mutating func advance(
    by segment: IncomingSegment, now: Instant, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    let acknowledgment = segment.acknowledgment
    if scoreboard.sackedByteCount > 0 {
      noteFilledHoles(upTo: acknowledgment, resources: resources)
    }
    let removal = scoreboard.acknowledge(
      upTo: acknowledgment, segments: &resources.segments, elements: resources.elements)
    let byteCount = acknowledgment.distance(from: send.unacknowledged)
    send.unacknowledged = acknowledgment
    send.duplicateCount = 0
    send.duplicateCredit &-= min(send.duplicateCredit, byteCount)
    release.byteCount &+= byteCount &- (removal.coversFIN ? 1 : 0)
    if flags.contains(.ecn) {
      control.observed(
        byteCount: byteCount, isMarked: segment.flags.contains(.ece),
        acknowledgment: acknowledgment, next: send.next)
    }
    measure(removal, now: now, configuration: resources.configuration)
    let recovery = recover(
      segment, acknowledged: byteCount, removal, now: now, resources: &resources)
    restartRetransmissionTimer(now: now, resources.configuration)
    var reaction = settle(resources: &resources, pool: &pool) | recovery
    if removal.coversFIN {
      reaction.insert(receiveAcknowledgmentOfFIN(now: now, resources.configuration))
    }
    return reaction
  }

  /// RFC 6298, sections 3 and 5.3. Timestamps are not used here: after a lost ACK they would echo
  /// a copy older than the one that is acknowledged.
  @inline(__always)
  private mutating func measure(
    _ removal: Scoreboard.Removal, now: Instant, configuration: borrowing Configuration
  ) {
    retransmission.progressed()
    timers.stalledSince = now
    guard removal.hasSample else { return }
    let roundTrip = now.shortMicroseconds &- removal.sentAt
    detection.minimumRoundTrip = min(detection.minimumRoundTrip, roundTrip)
    retransmission.measure(microseconds: roundTrip, within: configuration.timeoutBounds)
  }

  /// A round-trip sample, in whole milliseconds, from TSecr: for a handshake that took several
  /// attempts. Only an echo of the latest of them says how long that took; a SYN-ACK that is sent
  /// again echoes the first SYN, and would make a second of a lost packet.
  mutating func measureByTimestamp(
    _ segment: IncomingSegment, now: Instant, configuration: borrowing Configuration
  ) {
    guard flags.contains(.timestamps), segment.options.hasTimestamps,
      segment.options.timestampEcho == detection.retransmittedAt
    else { return }
    let milliseconds = timestampValue(at: now) &- segment.options.timestampEcho
    // An echo of something that was never sent is no measurement.
    guard milliseconds < 1 << 16 else { return }
    retransmission.measure(
      microseconds: milliseconds &* 1_000, within: configuration.timeoutBounds)
  }

  /// Grows the window, or goes on repairing: RFC 6582, section 3.2, steps 3 (full and partial
  /// acknowledgments) and 4.
  @inline(__always)
  private mutating func recover(
    _ segment: IncomingSegment, acknowledged byteCount: UInt32, _ removal: Scoreboard.Removal,
    now: Instant, resources: inout Resources
  ) -> Reaction {
    if flags.intersects(.inRecovery | .inTimeoutRecovery | .tailProbed) {
      if detection.flags.contains(.awaitsEcho) {
        checkEcho(segment, resources: &resources)
      }
      if flags.contains(.tailProbed) { concludeTailProbe(segment, now: now) }
      if repair(segment.acknowledgment, removal, now: now, resources: &resources) {
        return .output
      }
    }
    control.acknowledged(
      Acknowledgment(
        // After a timeout, much of what is acknowledged left the network long ago (RFC 3465,
        // section 2.3): it must not be answered by a burst.
        byteCount: flags.contains(.inTimeoutRecovery)
          ? min(byteCount, 2 &* send.maximumSegment) : byteCount,
        maximumSegment: send.maximumSegment,
        isWindowLimited: flags.contains(.windowLimited),
        smoothedRoundTrip: retransmission.smoothedRoundTrip, now: now))
    return hasUnsent || scoreboard.lostCount > 0 ? .output : .none
  }

  /// New data was acknowledged in recovery; false when that does not keep the window from growing.
  private mutating func repair(
    _ acknowledgment: SequenceNumber, _ removal: Scoreboard.Removal, now: Instant,
    resources: inout Resources
  ) -> Bool {
    guard flags.intersects(.inRecovery | .inTimeoutRecovery) else { return false }
    guard acknowledgment < rareSend.recoveryPoint else {
      if flags.contains(.inRecovery) { control.recovered(maximumSegment: send.maximumSegment) }
      flags.remove(.inRecovery | .inTimeoutRecovery)
      detection.endEpisode()
      send.duplicateCredit = 0
      return true
    }
    if flags.contains(.sackPermitted) {
      detection.noteArrival(
        sentAt: removal.retransmittedAt, end: acknowledgment, isRetransmission: true,
        now: now.shortMicroseconds)
      detectLoss(now: now, resources: &resources)
    } else if flags.contains(.inRecovery),
      !resources.segments.hasBeenRetransmitted(scoreboard.head)
    {
      // A partial acknowledgment: the segment after it is missing, too.
      scoreboard.markHeadLost(segments: &resources.segments)
      flags.insert(.retransmitNow)
    }
    return flags.contains(.inRecovery)
  }

  /// RFC 5681, section 2: what makes an acknowledgment a duplicate.
  private func isDuplicate(_ segment: IncomingSegment) -> Bool {
    segment.acknowledgment == send.unacknowledged && segment.payloadByteCount == 0
      && !segment.flags.contains(.fin) && !scoreboard.isEmpty
      && UInt32(segment.window) &<< UInt32(send.windowShift) == send.window
  }

  /// RFC 5681, section 3.2. Every duplicate says that a segment has left the network.
  private mutating func receiveDuplicate(now: Instant, resources: inout Resources) -> Reaction {
    resources.counters.duplicateAcknowledgments &+= 1
    if send.duplicateCount < .max { send.duplicateCount &+= 1 }
    send.duplicateCredit = min(
      send.duplicateCredit &+ send.maximumSegment,
      send.next.distance(from: send.unacknowledged))
    if send.duplicateCount >= Self.duplicateThreshold,
      !flags.intersects(.inRecovery | .inTimeoutRecovery),
      send.unacknowledged >= rareSend.recoveryPoint
    {
      scoreboard.markHeadLost(segments: &resources.segments)
      enterRecovery(now: now, resources: &resources)
    }
    return .output
  }

  private static var duplicateThreshold: UInt16 { 3 }

  /// Fast retransmit of what is marked lost.
  mutating func enterRecovery(now: Instant, resources: inout Resources) {
    resources.counters.fastRetransmissions &+= 1
    let before = control
    let continues = continuesEpisode
    control.congested(
      inFlight: send.next.distance(from: send.unacknowledged),
      maximumSegment: send.maximumSegment, now: now)
    rareSend.recoveryPoint = send.next
    flags.insert(.inRecovery | .retransmitNow)
    noteReduction()
    if continues {
      control.continueReduction(after: before)
    } else {
      detection.beginEpisode(followsTimeout: false)
    }
  }

  /// The repair before this one may still prove needless: then both will, or neither. Networks that
  /// reorder make one such repair follow the other before the first has been reported by DSACKs.
  private var continuesEpisode: Bool {
    mayStillBeUndone && detection.unreportedByteCount > 0
  }

  /// SND.WND, SND.WL1 and SND.WL2.
  @inline(__always)
  mutating func updateSendWindow(_ segment: IncomingSegment, resources: inout Resources) -> Reaction
  {
    guard segment.acknowledgment >= send.unacknowledged,
      send.windowSequence < segment.sequence
        || (send.windowSequence == segment.sequence
          && send.windowAcknowledgment <= segment.acknowledgment)
    else { return .none }
    let window = UInt32(segment.window) &<< UInt32(send.windowShift)
    send.windowSequence = segment.sequence
    send.windowAcknowledgment = segment.acknowledgment
    guard window != send.window else { return .none }
    let wasClosed = send.window == 0
    send.window = window
    send.maximumWindow = max(send.maximumWindow, window)
    // In FIN-WAIT-2 and TIME-WAIT the timer has another meaning by now.
    guard wasClosed, state.canTransmit else { return hasUnsent ? .output : .none }
    retransmission.progressed()
    rareSend.closedSince = nil
    guard !scoreboard.isEmpty else {
      timers.retransmission = .distantFuture
      return .output
    }
    // What was sent into the closed window, as a probe, was not taken. The timer keeps running: the
    // peer may say that it has everything, and then nothing is sent that would start it again.
    scoreboard.markAllLost(segments: &resources.segments)
    flags.insert(.retransmitNow)
    return .output
  }
}

extension SentSegmentPool {
  /// Whether `index` names a segment that was sent more than once.
  @inline(__always)
  func hasBeenRetransmitted(_ index: UInt32) -> Bool {
    index != PacketPool.none && self[index].flags.contains(.retransmitted)
  }
}

extension Instant {
  /// Microseconds modulo 2^32, for the difference of close instants.
  @inline(__always)
  var shortMicroseconds: UInt32 { UInt32(truncatingIfNeeded: nanoseconds / 1_000) }
  /// Whole seconds modulo 2^32.
  @inline(__always)
  var seconds: UInt32 { UInt32(truncatingIfNeeded: nanoseconds / 1_000_000_000) }
}
