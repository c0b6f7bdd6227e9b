import IXABI
import Packets
import Wire

// Header prediction (Jacobson): the next segment of an open connection, with nothing unusual about
// it or about the connection.

extension Connection {
  /// Takes a usual segment; nil when it takes the general way, and then nothing has been changed.
  /// Whatever is decided here, `receiveByTheBook` would decide alike. The text waits for the
  /// application if `queues`; otherwise it is the caller's to hand over.
  @inline(__always)
  mutating func receiveUsual(
    _ segment: UsualSegment, buffer: UInt32, queues: Bool, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction? {
    // SND.UNA =< SEG.ACK =< SND.NXT
    let acknowledged = segment.acknowledgment.distance(from: send.unacknowledged)
    guard isNext(segment),
      acknowledged <= send.next.distance(from: send.unacknowledged),
      segment.payloadByteCount == 0 || hasRoom(for: segment, resources: resources, pool: pool),
      acknowledged == 0
        ? segment.payloadByteCount > 0
        : endsAtHead(segment.acknowledgment, resources: resources)
    else { return nil }
    if flags.contains(.timestamps), segment.sequence <= receive.lastAcknowledged {
      // RFC 7323, section 4.3.
      timestamps.recent = segment.timestampValue
      timestamps.recentAt = resources.moment.seconds
    }
    var reaction = Reaction.none
    if acknowledged > 0 {
      reaction = acknowledgeHead(byteCount: acknowledged, resources: &resources, pool: &pool)
    }
    updateSendWindow(segment)
    // A FIN is none of the unusual flags, so what is not sent are bytes.
    if sendQueue.unsentByteCount > 0 { reaction.insert(.output) }
    guard segment.payloadByteCount > 0 else { return reaction }
    pool[buffer].payloadOffset = segment.payloadOffset
    pool[buffer].payloadByteCount = segment.payloadByteCount
    return reaction
      | take(
        buffer, byteCount: segment.payloadByteCount, queues: queues, resources: &resources,
        pool: &pool)
  }

  /// The connection is open, has nothing to repair, and this is what it expects.
  @inline(__always)
  private func isNext(_ segment: UsualSegment) -> Bool {
    state == .established && !flags.intersects(.unusual | .windowLimited)
      && segment.sequence == receive.next && reassembly.isEmpty && send.window > 0
      && (!flags.contains(.timestamps)
        || (segment.hasTimestamps
          && SequenceNumber(segment.timestampValue) >= SequenceNumber(timestamps.recent)))
  }

  /// The window and our memory have room for the text.
  @inline(__always)
  private func hasRoom(
    for segment: UsualSegment, resources: borrowing Resources, pool: borrowing PacketPool
  ) -> Bool {
    UInt32(segment.payloadByteCount) <= receive.edge.distance(from: receive.next)
      && receive.heldBufferCount < bufferLimit(resources.configuration)
      && pool.hasMore(thanReserveOf: resources.configuration)
  }

  /// `acknowledgment` covers the oldest segment and no other; that was sent once, and the device has
  /// finished with it, and with everything that was acknowledged before.
  @inline(__always)
  private func endsAtHead(
    _ acknowledgment: SequenceNumber, resources: borrowing Resources
  ) -> Bool {
    scoreboard.lostCount | scoreboard.sackedByteCount | release.byteCount == 0
      && scoreboard.hasUsualHead(endingAt: acknowledgment, segments: resources.segments)
      && Int32(bitPattern: resources.completedTransmissions &- release.lastTicket) >= 0
  }

  /// The congestion window stays as it is: it was not what held us back.
  @inline(__always)
  private mutating func acknowledgeHead(
    byteCount: UInt32, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    let moment = resources.moment
    let sentAt = scoreboard.removeUsualHead(segments: &resources.segments)
    send.unacknowledged = send.unacknowledged.advanced(by: byteCount)
    if UInt32(send.duplicateCount) | send.duplicateCredit != 0 {
      send.duplicateCount = 0
      send.duplicateCredit &-= min(send.duplicateCredit, byteCount)
    }
    retransmission.progressed()
    timers.stalledSince = moment.instant
    let roundTrip = moment.microseconds &- sentAt
    detection.minimumRoundTrip = min(detection.minimumRoundTrip, roundTrip)
    retransmission.measure(
      microseconds: roundTrip, within: resources.configuration.timeoutBounds)
    if scoreboard.isEmpty {
      timers.retransmission = .distantFuture
    } else {
      armRetransmissionTimer(now: moment.instant, resources.configuration)
    }
    return giveBackAcknowledged(byteCount, resources: &resources, pool: &pool)
  }

  /// SND.WND, SND.WL1 and SND.WL2; the window was open before.
  @inline(__always)
  private mutating func updateSendWindow(_ segment: UsualSegment) {
    guard
      send.windowSequence < segment.sequence
        || (send.windowSequence == segment.sequence
          && send.windowAcknowledgment <= segment.acknowledgment)
    else { return }
    send.windowSequence = segment.sequence
    send.windowAcknowledgment = segment.acknowledgment
    send.window = UInt32(segment.window) &<< UInt32(send.windowShift)
    send.maximumWindow = max(send.maximumWindow, send.window)
  }
}
