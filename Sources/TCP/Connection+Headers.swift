import Packets
import Wire

// Headers of outgoing segments, and the window they offer.

extension Connection {
  /// The header of a planned segment.
  @inline(__always)
  mutating func header(
    for plan: SegmentPlan, now: Instant, configuration: borrowing Configuration
  ) -> OutgoingSegment {
    var controls = TCPFlags.ack
    if plan.isPushed, plan.byteCount > 0 { controls = controls | .psh }
    if plan.hasFIN { controls = controls | .fin }
    return header(
      sequence: plan.sequence, controls: controls, now: now, configuration: configuration)
  }

  /// The header of a segment without payload: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>.
  @inline(__always)
  mutating func acknowledgmentHeader(
    now: Instant, configuration: borrowing Configuration
  ) -> OutgoingSegment {
    header(sequence: send.next, controls: .ack, now: now, configuration: configuration)
  }

  /// Adds SACK blocks: a duplicate (RFC 2883, section 4), then what is waiting behind a gap
  /// (RFC 2018, section 4), the range that changed last before the oldest ones, as many as fit.
  mutating func addSACKBlocks(to segment: inout OutgoingSegment, pool: borrowing PacketPool) {
    guard flags.contains(.sackPermitted) else { return }
    var first: UInt8 = 0
    if receive.duplicate.start != receive.duplicate.end {
      segment.header.options.sackBlocks[0] = receive.duplicate
      receive.duplicate = SACKBlock(start: 0, end: 0)
      first = 1
    }
    segment.header.options.sackBlockCount = first
    guard !reassembly.isEmpty else { return }
    let limit: UInt8 = flags.contains(.timestamps) ? 3 : 4
    var count: UInt8 = first
    var buffer = reassembly.head
    var latest = SACKBlock(start: 0, end: 0)
    while buffer != PacketPool.none {
      let block = reassembly.range(from: &buffer, pool: pool)
      let isLatest = reassembly.isLatest(in: block)
      if isLatest { latest = block }
      guard !isLatest, count &+ 1 < limit else { continue }
      count &+= 1
      segment.header.options.sackBlocks[Int(count)] = block
    }
    segment.header.options.sackBlocks[Int(first)] = latest
    segment.header.options.sackBlockCount = count &+ 1
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
      flow: flow, sequence: send.initial,
      acknowledgment: isReply ? receive.next : SequenceNumber(0),
      flags: isReply ? .syn | .ack : .syn,
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

  /// RCV.WND for the next header. The right edge moves by at least a segment or half the buffer, or
  /// not at all (RFC 9293, section 3.8.6.2.2), and never back.
  @inline(__always)
  mutating func offerWindow(_ configuration: borrowing Configuration) -> UInt16 {
    let threshold = min(
      configuration.receiveWindow / 2, UInt32(configuration.maximumSegmentByteCount))
    // So open that the edge cannot move by that much.
    if receive.offered <= configuration.receiveWindow &- threshold {
      let candidate = windowEdge(configuration)
      let growth = candidate.signedDistance(from: receive.edge)
      if growth >= Int32(truncatingIfNeeded: threshold) { receive.edge = candidate }
    }
    let window = receive.offered &>> UInt32(receive.windowShift)
    return UInt16(truncatingIfNeeded: min(window, 65_535))
  }

  /// The right edge that the space left would allow, in bytes and in packet buffers.
  @inline(__always)
  private func windowEdge(_ configuration: borrowing Configuration) -> SequenceNumber {
    let held = receive.heldByteCount
    let free = configuration.receiveWindow > held ? configuration.receiveWindow &- held : 0
    let heldBuffers = receive.heldBufferCount &+ reassembly.bufferCount
    let buffers =
      configuration.bufferLimit > heldBuffers ? configuration.bufferLimit &- heldBuffers : 0
    // Two at a time: `min` of three makes an array.
    let window = min(free, buffers &* UInt32(configuration.maximumSegmentByteCount))
    return receive.next.advanced(by: min(window, 65_535 &<< UInt32(receive.windowShift)))
  }

  /// The application has returned buffers: whether the peer should be told before it next hears of
  /// us.
  @inline(__always)
  mutating func returned(
    byteCount: UInt32, bufferCount: UInt32, configuration: borrowing Configuration
  ) -> Reaction {
    receive.heldByteCount &-= min(byteCount, receive.heldByteCount)
    receive.heldBufferCount &-= min(bufferCount, receive.heldBufferCount)
    let segment = Int32(configuration.maximumSegmentByteCount)
    let half = Int32(truncatingIfNeeded: configuration.receiveWindow / 2)
    // Half open or more: the edge cannot move by another half.
    guard Int32(truncatingIfNeeded: receive.offered) <= max(half, 2 &* segment), state.canReceive
    else { return .none }
    let growth = windowEdge(configuration).signedDistance(from: receive.edge)
    let isNearlyClosed = Int32(truncatingIfNeeded: receive.offered) < 2 &* segment
    return growth >= half || (isNearlyClosed && growth >= segment) ? acknowledgeNow() : .none
  }
}
