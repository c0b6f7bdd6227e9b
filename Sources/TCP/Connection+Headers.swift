import Packets
import Wire

// Headers of outgoing segments.

extension Connection {
  /// The header of a planned segment.
  @inline(__always)
  mutating func header(
    for plan: SegmentPlan, now: Instant, configuration: borrowing Configuration
  ) -> OutgoingSegment {
    var controls = TCPFlags.ack
    if plan.isPushed, plan.byteCount > 0 { controls = controls | .psh }
    if plan.hasFIN { controls = controls | .fin }
    var segment = header(
      sequence: plan.sequence, controls: controls, now: now, configuration: configuration)
    if flags.contains(.ecn) { mark(&segment, for: plan) }
    return segment
  }

  /// The header of a segment without payload: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>.
  @inline(__always)
  mutating func acknowledgmentHeader(
    now: Instant, configuration: borrowing Configuration
  ) -> OutgoingSegment {
    // A probe repeats the last octet's number, so that the peer has to answer (RFC 9293, 3.8.4).
    let sequence =
      flags.contains(.keepAliveDue) ? SequenceNumber(send.next.rawValue &- 1) : send.next
    let controls: TCPFlags =
      flags.intersects(.echoesCongestion | .echoesMark) ? .ack | .ece : .ack
    return header(sequence: sequence, controls: controls, now: now, configuration: configuration)
  }

  /// Adds SACK blocks: a duplicate (RFC 2883, section 4), then what is waiting behind gaps
  /// (RFC 2018, section 4), the runs that changed last before the oldest ones, as many as fit.
  mutating func addSACKBlocks(to segment: inout OutgoingSegment, pool: borrowing PacketPool) {
    guard flags.contains(.sackPermitted) else { return }
    let duplicate = rareReceive.duplicates.removeFirst()
    var count = 0
    if let duplicate {
      segment.header.options.sackBlocks[0] = duplicate
      count = 1
    }
    if !reassembly.isEmpty {
      count = reassembly.report(
        into: &segment.header.options.sackBlocks, from: count,
        limit: flags.contains(.timestamps) ? 3 : 4,
        duplicate: duplicate.map { SequenceNumber($0.start) }, pool: pool)
    }
    segment.header.options.sackBlockCount = UInt8(truncatingIfNeeded: count)
  }

  @inline(__always)
  private mutating func header(
    sequence: SequenceNumber, controls: TCPFlags, now: Instant,
    configuration: borrowing Configuration
  ) -> OutgoingSegment {
    var segment = OutgoingSegment(
      flow: flow, sequence: sequence, acknowledgment: receive.next, flags: controls,
      window: offerWindow(configuration))
    receive.lastAcknowledged = receive.next
    if flags.contains(.timestamps) {
      segment.header.options.hasTimestamps = true
      segment.header.options.timestampValue = timestampValue(at: now)
      segment.header.options.timestampEcho = timestamps.recent
    }
    return segment
  }

  /// SYN in SYN-SENT, SYN-ACK in SYN-RECEIVED. Options are offered in a SYN, and in a SYN-ACK only
  /// where the peer's SYN had them (RFC 7323, sections 2.2 and 3.2; RFC 2018, section 2).
  func handshakeHeader(now: Instant, configuration: borrowing Configuration) -> OutgoingSegment {
    let isReply = state == .synReceived
    var segment = OutgoingSegment(
      flow: flow, sequence: rareSend.initial,
      acknowledgment: isReply ? receive.next : SequenceNumber(0),
      flags: handshakeControls,
      window: UInt16(truncatingIfNeeded: min(configuration.receiveWindow, 65_535)))
    segment.header.options.maximumSegmentByteCount = configuration.maximumSegmentByteCount
    if !isReply || flags.contains(.windowScaling) {
      segment.header.options.windowScale = configuration.windowShift
    }
    segment.header.options.isSACKPermitted = !isReply || flags.contains(.sackPermitted)
    if !isReply || flags.contains(.timestamps) {
      segment.header.options.hasTimestamps = true
      segment.header.options.timestampValue = timestampValue(at: now)
      segment.header.options.timestampEcho = isReply ? timestamps.recent : 0
    }
    return segment
  }
}
