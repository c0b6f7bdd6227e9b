import Packets
import Wire

// RACK: time-based loss detection (RFC 8985, section 6), for connections with SACK.

extension Connection {
  /// Finds what is lost, and comes back when more may be.
  mutating func detectLoss(now: Instant, resources: inout Resources) {
    guard detection.roundTrip > 0, !scoreboard.isEmpty else { return }
    let outcome = scoreboard.markOvertaken(
      detection, window: reorderingWindow, now: now.shortMicroseconds,
      segments: &resources.segments)
    if outcome.lostCount > 0, !flags.intersects(.inRecovery | .inTimeoutRecovery) {
      enterRecovery(now: now, resources: &resources)
    }
    guard outcome.wait > 0 else { return }
    timers.retransmission = now + .microseconds(UInt64(outcome.wait))
    timers.purpose = .reordering
  }

  /// RACK_update_reo_wnd, in microseconds. Three segments' worth of SACKed bytes stand for DupThresh
  /// SACKed segments: a record may hold what the device cuts into many.
  private var reorderingWindow: UInt32 {
    if !detection.flags.contains(.reorderingSeen) {
      if flags.intersects(.inRecovery | .inTimeoutRecovery) { return 0 }
      if scoreboard.sackedByteCount > 2 &* send.maximumSegment { return 0 }
    }
    let smoothed = max(retransmission.smoothedRoundTrip, 1)
    let shortest = min(detection.minimumRoundTrip, smoothed)
    return min(shortest / 4 &* UInt32(detection.windowMultiplier), smoothed)
  }

  /// The reordering timer expired.
  mutating func expireReordering(now: Instant, resources: inout Resources) -> Reaction {
    timers.purpose = .retransmission
    restartRetransmissionTimer(now: now, resources.configuration)
    detectLoss(now: now, resources: &resources)
    return .output
  }

  /// A cumulative acknowledgment is about to remove SACKed segments, and holes between them: holes
  /// that were filled without a retransmission show reordering.
  mutating func noteFilledHoles(upTo acknowledgment: SequenceNumber, resources: borrowing Resources)
  {
    var index = scoreboard.head
    while index != PacketPool.none, resources.segments[index].end <= acknowledgment {
      let segment = resources.segments[index]
      if !segment.flags.contains(.sacked) {
        detection.noteOrder(
          end: segment.end, isRetransmission: segment.flags.contains(.retransmitted))
      }
      index = segment.next
    }
  }

  /// RFC 2883, section 4: the first block reports a duplicate when it lies below the cumulative
  /// acknowledgment or inside the second block.
  func reportsDuplicate(_ segment: IncomingSegment) -> Bool {
    let blocks = segment.options.sackBlocks.span
    guard segment.options.sackBlockCount > 0 else { return false }
    let start = SequenceNumber(blocks[0].start)
    let end = SequenceNumber(blocks[0].end)
    if start < end, end <= segment.acknowledgment { return true }
    return segment.options.sackBlockCount > 1 && SequenceNumber(blocks[1].start) <= start
      && end <= SequenceNumber(blocks[1].end)
  }

  /// Something arrived twice: the network reorders more than we thought (RFC 8985, section 6.2,
  /// step 4), a probe was needless (section 7.4.2), or a whole repair was.
  mutating func receiveDuplicateReport(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources
  ) {
    resources.counters.duplicateReports &+= 1
    let block = segment.options.sackBlocks.span[0]
    if flags.contains(.tailProbed), SequenceNumber(block.end) == detection.tailProbeEnd {
      endTailProbe()
      if detection.flags.contains(.probeIsRetransmission) {
        retransmission.wasHasty(within: resources.configuration.timeoutBounds)
      }
    }
    if send.unacknowledged >= detection.duplicateRound || detection.duplicateRound > send.next {
      detection.duplicateRound = send.next
      detection.windowMultiplier &+= detection.windowMultiplier < .max ? 1 : 0
      detection.persistence = 16
    }
    guard detection.flags.contains(.isUndoable), detection.unreportedByteCount > 0 else { return }
    detection.unreportedByteCount &-= min(
      block.end &- block.start, detection.unreportedByteCount)
    guard detection.unreportedByteCount == 0, mayStillBeUndone else { return }
    undo(resources: &resources)
  }

  /// Not long after a repair; later there is nothing to go back to.
  var mayStillBeUndone: Bool {
    let distance = send.unacknowledged.signedDistance(from: rareSend.recoveryPoint)
    return detection.flags.contains(.isUndoable)
      && distance <= Int32(truncatingIfNeeded: control.window)
  }

  /// Eifel detection (RFC 3522, section 3.2): the first acknowledgment of new data after a
  /// retransmission echoes a timestamp from before it, so the original had arrived.
  mutating func checkEcho(_ segment: IncomingSegment, resources: inout Resources) {
    detection.flags.remove(.awaitsEcho)
    let echo = SequenceNumber(segment.options.timestampEcho)
    guard detection.flags.contains(.isUndoable), segment.options.hasTimestamps,
      echo < SequenceNumber(detection.retransmittedAt)
    else { return }
    // No round-trip sample (RFC 4015, section 3.3): after a lost ACK the echo is older than what is
    // acknowledged. The segments behind the repeated one are measured as ever.
    undo(resources: &resources)
  }

  /// The Eifel response (RFC 4015, section 3.2), also after DSACKs: what was sent is in flight
  /// after all, so restoring the window causes no burst.
  private mutating func undo(resources: inout Resources) {
    resources.counters.undoneRepairs &+= 1
    if detection.flags.contains(.followsTimeout) {
      retransmission.wasHasty(within: resources.configuration.timeoutBounds)
    }
    detection.flags.remove(.isUndoable)
    detection.flags.insert(.reorderingSeen)
    flags.remove(.inRecovery | .inTimeoutRecovery | .retransmitNow)
    scoreboard.forgetLosses(segments: &resources.segments)
    control.undone()
  }
}
