import Packets
import Wire

// Explicit congestion notification: RFC 3168, section 6.1, and RFC 8257, section 3.2. What of it is
// needed for a segment without marks is one test of `.ecn`.

extension Connection {
  /// Takes over what the peer's SYN or SYN-ACK says about ECN (RFC 3168, section 6.1.1).
  mutating func negotiateECN(_ segment: IncomingSegment, _ configuration: borrowing Configuration) {
    let signals = segment.flags & (.ece | .cwr)
    let isAgreed =
      segment.flags.contains(.ack)
      ? flags.contains(.ecnRequested) && signals == .ece
      : configuration.ecn != .off && signals == .ece | .cwr
    guard isAgreed else { return }
    flags.insert(control.countsMarks ? .ecn | .countsMarks : .ecn)
    rareSend.reductionEnd = rareSend.initial
  }

  /// The flags of our SYN or SYN-ACK.
  var handshakeControls: TCPFlags {
    guard state == .synReceived else {
      return flags.contains(.ecnRequested) ? .syn | .ece | .cwr : .syn
    }
    return flags.contains(.ecn) ? .syn | .ack | .ece : .syn | .ack
  }

  /// Data is ECN-capable unless it is sent again or probes a closed window (RFC 3168, sections
  /// 6.1.5 and 6.1.6); new data says that the window has been reduced.
  @inline(never)
  mutating func mark(_ segment: inout OutgoingSegment, for plan: SegmentPlan) {
    if flags.intersects(.echoesCongestion | .echoesMark) { segment.header.flags.insert(.ece) }
    guard plan.record == PacketPool.none, plan.byteCount > 0,
      !flags.contains(.probeDue) || send.window > 0
    else { return }
    segment.isECNCapable = true
    if flags.contains(.reductionDue) {
      flags.remove(.reductionDue)
      segment.header.flags.insert(.cwr)
    }
  }

  /// What an acceptable segment says: CE of the network, ECE and CWR of the peer.
  @inline(never)
  mutating func receiveCongestionSignals(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources
  ) {
    if segment.flags.contains(.ece) { receiveEcho(now: now, resources: &resources) }
    guard segment.payloadByteCount > 0 else { return }  // ACKs are not ECN-capable
    if segment.flags.contains(.cwr) { flags.remove(.echoesCongestion) }
    guard segment.isCongestionExperienced else { return }
    resources.counters.congestionMarks &+= 1
    guard flags.contains(.countsMarks) else { return flags.insert(.echoesCongestion) }
    if !flags.contains(.echoesMark) { rareReceive.markedByteCount = 0 }
    flags.insert(.echoesMark)
    rareReceive.markedByteCount &+= UInt32(segment.payloadByteCount)
  }

  /// RFC 3168, section 6.1.2: the window is reduced once for each window of data.
  private mutating func receiveEcho(now: Instant, resources: inout Resources) {
    resources.counters.congestionEchoes &+= 1
    // An end beyond what was sent is of an earlier turn of the sequence space.
    guard send.unacknowledged > rareSend.reductionEnd || rareSend.reductionEnd > send.next,
      !flags.intersects(.inRecovery | .inTimeoutRecovery)
    else { return }
    resources.counters.congestionReductions &+= 1
    control.marked(
      inFlight: send.next.distance(from: send.unacknowledged),
      maximumSegment: send.maximumSegment, now: now)
    // This reduction is no mistake, whatever becomes of an earlier one.
    detection.flags.remove(.isUndoable)
    noteReduction()
  }

  /// The window has been reduced: the peer is told, and marks on what is in flight are old news.
  mutating func noteReduction() {
    guard flags.contains(.ecn) else { return }
    flags.insert(.reductionDue)
    rareSend.reductionEnd = send.next
  }

  /// Where some of the bytes to be acknowledged were marked and others not, the latter get an ACK of
  /// their own first: the peer counts bytes, and what is merged into one ACK in a batch must not
  /// look like one mark (RFC 8257, section 3.2, sends an ACK at every change). Nil otherwise.
  mutating func unmarkedAcknowledgment(
    now: Instant, configuration: borrowing Configuration
  ) -> OutgoingSegment? {
    let byteCount = receive.next.distance(from: receive.lastAcknowledged)
    let marked = rareReceive.markedByteCount
    guard flags.contains(.echoesMark), byteCount <= 1 << 30, marked < byteCount else { return nil }
    flags.remove(.echoesMark)
    var segment = acknowledgmentHeader(now: now, configuration: configuration)
    flags.insert(.echoesMark)
    receive.lastAcknowledged = SequenceNumber(receive.next.rawValue &- marked)
    segment.header.acknowledgment = receive.lastAcknowledged.rawValue
    // The edge stays where the header has put it.
    let window = receive.edge.distance(from: receive.lastAcknowledged)
    segment.header.window = UInt16(
      truncatingIfNeeded: min(window &>> UInt32(receive.windowShift), 65_535))
    return segment
  }
}
