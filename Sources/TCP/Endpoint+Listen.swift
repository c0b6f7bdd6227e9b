import IXABI
import Packets
import Wire

// LISTEN: RFC 9293, section 3.10.7.2, and what a flood of SYNs must not do (RFC 4987).

extension Endpoint {
  /// A SYN for a listening port. `floor` is where the sequence numbers of an earlier incarnation
  /// ended, for one that begins in its TIME-WAIT.
  mutating func receiveSYN(
    _ segment: IncomingSegment, after floor: SequenceNumber?, now: Instant, pool: inout PacketPool
  ) {
    guard segment.flags.contains(.syn), !segment.flags.contains(.fin),
      segment.flow.remotePort != 0
    else {
      resources.counters.droppedMalformed &+= 1
      return
    }
    // The application does not keep up with those whose handshake is complete.
    guard pendingCount &- halfOpen.total < resources.configuration.knockLimit else {
      resources.counters.droppedKnocksFull &+= 1
      return
    }
    let key = resources.secrets.sourceKey(of: segment.flow)
    guard sources.count(key) < resources.configuration.sourceLimit else {
      resources.counters.droppedSourceLimit &+= 1
      return
    }
    guard halfOpen.total < resources.configuration.backlog,
      halfOpen.count(key) < resources.configuration.backlogPerSource
    else { return sendCookie(segment, now: now) }
    if freeConnectionCount == 0 { recycle(atLeast: 1, pool: &pool) }
    guard let index = allocateConnection() else { return sendCookie(segment, now: now) }
    connections[index].openPassively(segment, now: now, resources: &resources)
    if let floor { connections[index].startSending(after: floor) }
    begin(index, key: key)
    listForOutput(index)
  }

  private mutating func begin(_ index: UInt32, key: UInt32) {
    pendingCount &+= 1
    halfOpen.add(key)
    sources.add(key)
    connections[index].flags.insert(.countedAtSource)
    table.insert(index, flow: connections[index].flow)
    groups.insert(index, in: connections[index].flowGroup)
  }

  /// The handshake of a passive connection is complete, or it has ended before.
  mutating func endHalfOpen(_ index: UInt32) {
    guard connections[index].flags.contains(.halfOpen) else { return }
    connections[index].flags.remove(.halfOpen)
    halfOpen.remove(resources.secrets.sourceKey(of: connections[index].flow))
  }
}

extension Endpoint {
  /// The connection no longer takes a place that its peer could fill on its own.
  mutating func endCounting(_ index: UInt32) {
    guard connections[index].flags.contains(.countedAtSource) else { return }
    connections[index].flags.remove(.countedAtSource)
    sources.remove(resources.secrets.sourceKey(of: connections[index].flow))
  }
}

// SYN cookies.
extension Endpoint {
  /// Answers a SYN without remembering it.
  private mutating func sendCookie(_ segment: IncomingSegment, now: Instant) {
    let configuration = resources.configuration
    guard configuration.usesCookies else {
      resources.counters.droppedBacklogFull &+= 1
      return
    }
    resources.counters.sentCookies &+= 1
    cookiesUntil = now + SYNCookie.period * 2
    let cookie = SYNCookie(
      secrets: resources.secrets, flow: segment.flow, initial: segment.sequence)
    var answer = StatelessReply(
      flow: segment.flow,
      sequence: cookie.sequence(
        maximumSegment: segment.options.maximumSegmentByteCount ?? 536, now: now),
      acknowledgment: segment.sequence.advanced(by: 1), flags: .syn | .ack)
    let usesECN =
      configuration.ecn != .off && segment.options.hasTimestamps
      && segment.flags.contains(.ece | .cwr)
    if usesECN { answer.flags.insert(.ece) }
    answer.window = UInt16(truncatingIfNeeded: min(configuration.receiveWindow, 65_535))
    answer.options.maximumSegmentByteCount = configuration.maximumSegmentByteCount
    // Without a timestamp there is nowhere to keep the other options.
    if segment.options.hasTimestamps {
      let clock = resources.secrets.timestampClock(for: segment.flow, now: now)
      answer.options.hasTimestamps = true
      answer.options.timestampValue = CookieTimestamp.value(
        segment.options, usesECN: usesECN, clock: clock)
      answer.options.timestampEcho = segment.options.timestampValue
      answer.options.isSACKPermitted = segment.options.isSACKPermitted
      if segment.options.windowScale != nil {
        answer.options.windowScale = configuration.windowShift
      }
    }
    reply(answer)
  }

  /// The connection that a cookie in an ACK for no connection stands for, in SYN-RECEIVED; nil when
  /// there is no cookie. The ACK is then received as if the connection had always been there.
  @inline(never)
  mutating func openByCookie(
    _ segment: IncomingSegment, now: Instant, pool: inout PacketPool
  ) -> UInt32? {
    guard now < cookiesUntil, segment.flags.contains(.ack), !segment.flags.contains(.syn),
      !segment.flags.contains(.rst), isListening(on: segment.flow.localPort),
      segment.flow.remotePort != 0
    else { return nil }
    let initial = SequenceNumber(segment.sequence.rawValue &- 1)
    let sequence = SequenceNumber(segment.acknowledgment.rawValue &- 1)
    let cookie = SYNCookie(secrets: resources.secrets, flow: segment.flow, initial: initial)
    guard let maximumSegment = cookie.maximumSegment(in: sequence, now: now) else {
      resources.counters.droppedBadCookie &+= 1
      return nil
    }
    guard pendingCount &- halfOpen.total < resources.configuration.knockLimit else {
      resources.counters.droppedKnocksFull &+= 1
      return nil
    }
    let key = resources.secrets.sourceKey(of: segment.flow)
    guard sources.count(key) < resources.configuration.sourceLimit else {
      resources.counters.droppedSourceLimit &+= 1
      return nil
    }
    if freeConnectionCount == 0 { recycle(atLeast: 1, pool: &pool) }
    guard let index = allocateConnection() else {
      resources.counters.droppedNoConnectionSlot &+= 1
      return nil
    }
    resources.counters.acceptedCookies &+= 1
    connections[index].openPassively(
      segment.synchronizing(from: initial, maximumSegment: maximumSegment), now: now,
      resources: &resources)
    connections[index].assumeHandshakeSent(
      from: sequence, at: segment.options.timestampEcho)
    begin(index, key: key)
    return index
  }
}

// TIME-WAIT.
extension Endpoint {
  /// Ends the oldest connections in TIME-WAIT until `count` slots are free. They have waited for
  /// less than twice the segment lifetime (a deviation from RFC 9293, section 3.6.1); refusing new
  /// connections instead would let one peer shut all others out.
  mutating func recycle(atLeast count: Int, pool: inout PacketPool) {
    var budget = 64
    while freeConnectionCount < count, budget > 0, timeWaits.oldest != PacketPool.none {
      budget &-= 1
      resources.counters.recycledConnections &+= 1
      let index = timeWaits.oldest
      act(connections[index].end(.closed), on: index, pool: &pool)
    }
  }
}

extension IncomingSegment {
  /// The SYN that this ACK's cookie answers.
  fileprivate func synchronizing(
    from initial: SequenceNumber, maximumSegment: UInt16
  ) -> IncomingSegment {
    var segment = self
    segment.sequence = initial
    segment.flags = .syn
    segment.payloadByteCount = 0
    segment.options = TCPOptions()
    segment.options.maximumSegmentByteCount = maximumSegment
    if options.hasTimestamps {
      segment.options.hasTimestamps = true
      segment.options.timestampValue = options.timestampValue
      let usesECN = CookieTimestamp.read(options.timestampEcho, into: &segment.options)
      if usesECN { segment.flags.insert(.ece | .cwr) }
    }
    return segment
  }
}

extension Connection {
  /// RFC 1122, section 4.2.2.13: a new incarnation starts beyond what the earlier one used.
  fileprivate mutating func startSending(after floor: SequenceNumber) {
    guard rareSend.initial <= floor else { return }
    setInitial(floor.advanced(by: 1))
  }

  /// The SYN-ACK has been sent, with a cookie as its sequence number; how long ago only its timestamp
  /// knows, if it had one.
  fileprivate mutating func assumeHandshakeSent(from initial: SequenceNumber, at timestamp: UInt32)
  {
    setInitial(initial)
    detection.retransmittedAt = timestamp
    flags.remove(.handshakeDue)
    flags.insert(.handshakeRetransmitted)
  }

  private mutating func setInitial(_ initial: SequenceNumber) {
    rareSend.initial = initial
    send.unacknowledged = initial
    send.next = initial.advanced(by: 1)
    rareSend.recoveryPoint = initial
  }
}
