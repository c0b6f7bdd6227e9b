import IXABI
import Packets
import Wire

// RFC 9293, section 3.10.7: SEGMENT ARRIVES.

extension Connection {
  /// A segment of this connection arrived. `buffer` holds its payload; the reaction says whether
  /// the connection has kept it.
  @inline(__always)
  mutating func receive(
    _ segment: IncomingSegment, buffer: UInt32, now: Instant, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    if isExpected(segment) {
      return receiveExpected(
        segment, buffer: buffer, now: now, resources: &resources, pool: &pool)
    }
    if state == .synSent {
      return receiveInSynSent(segment, now: now, resources: &resources)
    }
    return receiveByTheBook(
      segment, buffer: buffer, now: now, resources: &resources, pool: &pool)
  }

  /// Header prediction (Jacobson): the next segment of an open connection, with nothing unusual
  /// about it. Whatever is decided here, `receiveByTheBook` would decide alike.
  @inline(__always)
  private func isExpected(_ segment: IncomingSegment) -> Bool {
    guard state == .established, segment.flags - .psh == .ack, segment.sequence == receive.next,
      reassembly.isEmpty, !flags.contains(.abandoned), !segment.isCongestionExperienced,
      !flags.contains(.timestamps) || isTimestampInOrder(of: segment)
    else { return false }
    // SND.UNA =< SEG.ACK =< SND.NXT
    let acknowledged = segment.acknowledgment.distance(from: send.unacknowledged)
    return acknowledged <= send.next.distance(from: send.unacknowledged)
      && UInt32(segment.payloadByteCount) <= receive.edge.distance(from: receive.next)
  }

  @inline(__always)
  private mutating func receiveExpected(
    _ segment: IncomingSegment, buffer: UInt32, now: Instant, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    var reaction = Reaction.none
    if flags.contains(.keepsAlive) { patience.heard(at: now) }
    if flags.contains(.timestamps) { recordTimestamp(of: segment, now: now) }
    if segment.acknowledgment != send.unacknowledged || segment.payloadByteCount == 0
      || segment.options.sackBlockCount > 0
    {
      reaction = receiveAcknowledgment(segment, now: now, resources: &resources, pool: &pool)
    } else {
      reaction = updateSendWindow(segment, resources: &resources)
    }
    guard segment.payloadByteCount > 0 else { return reaction }
    return reaction
      | receiveInOrder(
        buffer, offset: segment.payloadOffset, byteCount: segment.payloadByteCount,
        resources: &resources, pool: &pool)
  }

  /// All synchronized states and SYN-RECEIVED (RFC 9293, section 3.10.7.4).
  private mutating func receiveByTheBook(
    _ received: IncomingSegment, buffer: UInt32, now: Instant, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    var segment = received
    if state == .timeWait, opensAnew(segment) { return .reopen }
    if state == .synReceived { acceptSimultaneousSYN(of: &segment) }
    // RFC 7323, section 5.3, R1.
    if hasOldTimestamp(segment, now: now), !segment.flags.contains(.rst) {
      resources.counters.droppedOldTimestamp &+= 1
      return acknowledgeNow()
    }
    // First, check sequence number.
    guard isAcceptable(segment) else {
      return receiveUnacceptable(segment, now: now, resources: &resources, pool: &pool)
    }
    if flags.contains(.keepsAlive) { patience.heard(at: now) }
    recordTimestamp(of: segment, now: now)
    // Second, check the RST bit.
    if segment.flags.contains(.rst) {
      return receiveReset(segment, now: now, resources: &resources)
    }
    // Third, security: not implemented, as RFC 9293, appendix A.1, permits. Fourth, the SYN bit.
    if segment.flags.contains(.syn) {
      resources.counters.droppedUnexpectedSYN &+= 1
      return challenge(now: now, resources: &resources)
    }
    // Fifth, check the ACK field.
    guard segment.flags.contains(.ack) else {
      resources.counters.droppedNoAcknowledgment &+= 1
      return .none
    }
    var reaction = Reaction.none
    if state == .synReceived {
      guard completesHandshake(segment) else { return .refuse }
      reaction = becomeEstablished(segment, now: now, resources: &resources)
    }
    guard isAcknowledgmentAcceptable(segment.acknowledgment) else {
      resources.counters.droppedBadAcknowledgment &+= 1
      return challenge(now: now, resources: &resources)
    }
    reaction.insert(
      receiveAcknowledgment(segment, now: now, resources: &resources, pool: &pool))
    if state == .closed { return reaction }
    if flags.contains(.ecn) { receiveCongestionSignals(segment, now: now, resources: &resources) }
    // Sixth, the URG bit: urgent data is ordinary data here. Seventh, the text; eighth, FIN.
    guard segment.payloadByteCount > 0 || segment.flags.contains(.fin) else { return reaction }
    reaction.insert(
      receiveText(segment, buffer: buffer, now: now, resources: &resources, pool: &pool))
    return reaction
  }

  /// RFC 9293, section 3.10.7.4, first step: some of the segment lies in the receive window.
  private func isAcceptable(_ segment: IncomingSegment) -> Bool {
    let window = receive.edge.distance(from: receive.next)
    let byteCount = segment.sequenceByteCount
    let offset = segment.sequence.distance(from: receive.next)
    if byteCount == 0 {
      return window == 0 ? offset == 0 : offset < window
    }
    // The same segment again after our ACK was lost, or ahead of the window: not acceptable.
    guard window > 0 else { return false }
    return offset < window || offset &+ byteCount &- 1 < window
  }

  /// Unacceptable segments are answered by an ACK, unless RST is set. A repeated SYN shows that our
  /// SYN-ACK was lost. At a closed window the ACK field of the next segment still counts
  /// (RFC 9293, section 3.10.7.4: "special allowance").
  private mutating func receiveUnacceptable(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    resources.counters.droppedOutOfWindow &+= 1
    if segment.flags.contains(.rst) { return .none }
    if segment.flags.contains(.syn) {
      guard state == .synReceived, segment.sequence == rareReceive.initial else {
        return challenge(now: now, resources: &resources)
      }
      flags.insert(.handshakeDue | .handshakeRetransmitted)
      // The peer may have given ECN up (RFC 3168, section 6.1.1).
      if !segment.flags.contains(.ece | .cwr) { flags.remove(.ecn) }
      if segment.options.hasTimestamps { timestamps.recent = segment.options.timestampValue }
      return .output
    }
    if state == .timeWait { restartTimeWait(now: now, resources.configuration) }
    if segment.sequence < receive.next { noteDuplicate(segment) }
    guard receive.edge == receive.next, segment.sequence == receive.next, state.isSynchronized,
      segment.flags.contains(.ack), isAcknowledgmentAcceptable(segment.acknowledgment)
    else { return acknowledgeNow() }
    let reaction = receiveAcknowledgment(segment, now: now, resources: &resources, pool: &pool)
    return state == .closed ? reaction : reaction | acknowledgeNow()
  }

  /// RFC 5961, section 3.2: only a RST exactly at RCV.NXT resets.
  private mutating func receiveReset(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources
  ) -> Reaction {
    guard segment.sequence == receive.next else {
      resources.counters.droppedBadReset &+= 1
      return challenge(now: now, resources: &resources)
    }
    resources.counters.resetsReceived &+= 1
    switch state {
    case .closed, .synSent: return .none
    case .synReceived: return end(flags.contains(.passive) ? .reset : .refused)
    case .established, .finWait1, .finWait2, .closeWait: return end(.reset)
    case .closing, .lastAck, .timeWait: return end(.closed)
    }
  }

  /// RFC 5961, section 5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT.
  @inline(__always)
  private func isAcknowledgmentAcceptable(_ acknowledgment: SequenceNumber) -> Bool {
    let oldest = SequenceNumber(send.unacknowledged.rawValue &- send.maximumWindow)
    return oldest <= acknowledgment && acknowledgment <= send.next
  }

  /// In TIME-WAIT, a SYN that cannot be of the old connection starts a new one: by its timestamp
  /// where there were timestamps (RFC 6191, section 2), by its sequence number otherwise
  /// (RFC 1122, section 4.2.2.13).
  private func opensAnew(_ segment: IncomingSegment) -> Bool {
    guard segment.flags - .ece - .cwr == .syn else { return false }
    let isBeyond = segment.sequence > receive.next
    guard flags.contains(.timestamps), segment.options.hasTimestamps else { return isBeyond }
    let progress = SequenceNumber(segment.options.timestampValue)
      .signedDistance(from: SequenceNumber(timestamps.recent))
    return progress > 0 || (progress == 0 && isBeyond)
  }
}
