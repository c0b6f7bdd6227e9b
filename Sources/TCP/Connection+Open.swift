import IXABI
import Packets
import Wire

// Opening: RFC 9293, sections 3.5, 3.10.1, 3.10.7.2 and 3.10.7.3.

extension Connection {
  /// OPEN, active: a SYN is due.
  mutating func openActively(
    _ flow: Flow, cookie: UInt64, now: Instant, resources: inout Resources
  ) {
    start(flow, now: now, resources: &resources)
    self.cookie = cookie
    state = .synSent
    flags.insert(.owned | .attempting | .handshakeDue)
    if resources.configuration.ecn == .requests { flags.insert(.ecnRequested) }
    resources.counters.activeOpens &+= 1
  }

  /// A SYN arrived for a listener: a SYN-ACK is due. Data that came with the SYN is not taken; the
  /// peer sends it again (RFC 9293, section 3.10.7.2, allows to defer it).
  mutating func openPassively(_ segment: IncomingSegment, now: Instant, resources: inout Resources)
  {
    start(segment.flow, now: now, resources: &resources)
    state = .synReceived
    flags.insert(.passive | .pending | .halfOpen | .handshakeDue)
    receiveSYN(segment, now: now, resources: resources)
    resources.counters.passiveOpens &+= 1
  }

  private mutating func start(_ flow: Flow, now: Instant, resources: inout Resources) {
    let generation = generation
    self = Self(generation: generation, configuration: resources.configuration)
    self.flow = flow
    flowGroup = FlowSteering.group(of: resources.configuration.flows.hash(of: flow))
    flags = resources.configuration.coalescesSmallSegments ? .inUse | .coalesces : .inUse
    let initial = resources.secrets.sequence(for: flow, now: now)
    rareSend.initial = initial
    send.unacknowledged = initial
    send.next = initial.advanced(by: 1)
    rareSend.recoveryPoint = initial
    send.maximumSegment = UInt32(resources.configuration.maximumSegmentByteCount)
    timestamps.offset = resources.secrets.timestampOffset(for: flow)
    timers.stalledSince = now
  }

  /// RFC 9293, section 3.10.7.3: SYN-SENT.
  mutating func receiveInSynSent(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources
  ) -> Reaction {
    // First, check the ACK bit: ISS < SEG.ACK =< SND.NXT.
    let hasACK = segment.flags.contains(.ack)
    if hasACK, !completesHandshake(segment) {
      resources.counters.droppedBadAcknowledgment &+= 1
      return segment.flags.contains(.rst) ? .none : .refuse
    }
    // Second, check the RST bit.
    if segment.flags.contains(.rst) {
      guard hasACK else {
        resources.counters.droppedBadReset &+= 1
        return .none
      }
      resources.counters.resetsReceived &+= 1
      return end(.refused)
    }
    // Fourth, check the SYN bit; fifth, without it drop the segment.
    guard segment.flags.contains(.syn), !segment.flags.contains(.fin) else {
      resources.counters.droppedMalformed &+= 1
      return .none
    }
    receiveSYN(segment, now: now, resources: resources)
    if hasACK {
      let reaction = becomeEstablished(segment, now: now, resources: &resources)
      return reaction | acknowledgeNow()
    }
    // Simultaneous open (RFC 9293, figure 8).
    state = .synReceived
    flags.insert(.handshakeDue)
    return .output
  }

  /// ISS < SEG.ACK =< SND.NXT: our SYN is acknowledged.
  func completesHandshake(_ segment: IncomingSegment) -> Bool {
    rareSend.initial < segment.acknowledgment && segment.acknowledgment <= send.next
  }

  /// In a simultaneous open the peer's SYN arrives again, with the ACK of ours: without its SYN it
  /// is the segment that RFC 9293, figure 8, line 6, expects.
  mutating func acceptSimultaneousSYN(of segment: inout IncomingSegment) {
    guard segment.flags.contains(.syn | .ack), segment.sequence == rareReceive.initial,
      !flags.contains(.passive)
    else { return }
    segment.flags = segment.flags - .syn
    segment.sequence = receive.next
  }

  /// Takes over what the peer's SYN says.
  private mutating func receiveSYN(
    _ segment: IncomingSegment, now: Instant, resources: borrowing Resources
  ) {
    let configuration = resources.configuration
    rareReceive.initial = segment.sequence
    receive.next = segment.sequence.advanced(by: 1)
    receive.lastAcknowledged = receive.next
    receive.edge = receive.next.advanced(by: min(configuration.receiveWindow, 65_535))
    rareReceive.roundStart = receive.next
    rareReceive.roundBegan = now.shortMicroseconds
    let options = segment.options
    if let shift = options.windowScale {
      flags.insert(.windowScaling)
      send.windowShift = shift
      receive.windowShift = configuration.windowShift
    }
    if options.hasTimestamps {
      flags.insert(.timestamps)
      timestamps.recent = options.timestampValue
      timestamps.recentAt = now.seconds
    }
    if options.isSACKPermitted { flags.insert(.sackPermitted) }
    // RFC 9293, section 3.7.1: 536 unless announced. The floor keeps a hostile MSS from cutting
    // data into dust (CVE-2019-11479).
    let announced = max(options.maximumSegmentByteCount ?? 536, 216)
    let overhead: UInt32 = flags.contains(.timestamps) ? 12 : 0
    send.maximumSegment =
      UInt32(min(announced, configuration.maximumSegmentByteCount)) &- overhead
    control = Control(configuration.congestionChoice, maximumSegment: send.maximumSegment)
    negotiateECN(segment, configuration)
    // The window of a SYN is never scaled (RFC 7323, section 2.2).
    send.window = UInt32(segment.window)
    send.maximumWindow = max(send.window, 1)
    send.windowSequence = segment.sequence
    send.windowAcknowledgment = segment.acknowledgment
  }

  /// Our SYN is acknowledged: ESTABLISHED.
  mutating func becomeEstablished(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources
  ) -> Reaction {
    let configuration = resources.configuration
    if state == .synReceived || !segment.flags.contains(.syn) {
      send.window = UInt32(segment.window) &<< UInt32(send.windowShift)
      send.maximumWindow = max(send.window, send.maximumWindow)
      send.windowSequence = segment.sequence
      send.windowAcknowledgment = segment.acknowledgment
    }
    state = .established
    send.unacknowledged = rareSend.initial.advanced(by: 1)
    flags.remove(.handshakeDue)
    if flags.contains(.handshakeRetransmitted) {
      retransmission.handshakeWasRetransmitted()
      measureByTimestamp(segment, now: now, configuration: configuration)
    } else {
      let roundTrip = now.since(timers.stalledSince).microseconds
      retransmission.measure(
        microseconds: UInt32(truncatingIfNeeded: min(roundTrip, 1 << 30)),
        within: configuration.timeoutBounds)
    }
    retransmission.progressed()
    timers.retransmission = .distantFuture
    resources.counters.establishedConnections &+= 1
    flags.insert(flags.contains(.passive) ? .knockDue : .connectedDue)
    if flags.contains(.finQueued) { beginClosing() }
    return .events | .output | .opened
  }
}
