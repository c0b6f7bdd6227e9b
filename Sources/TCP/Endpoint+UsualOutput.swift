import IXABI
import Packets
import Wire

extension Endpoint {
  /// The usual output of open connections, of at most `remaining` that are listed: what waits is one
  /// piece of new data that fits into a segment and may leave now, with the acknowledgment on it.
  ///
  /// Returns the first connection of which anything is different: nothing has been decided about it,
  /// and its flags still say that it is listed. Nil when there is none. Not a part of `transmit`: what
  /// the compiler knows about a usual segment saves most of the work, and the registers.
  @inline(never)
  mutating func transmitUsual<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    remaining: inout UInt32, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> UInt32? {
    while remaining > 0, let index = outputQueue.pop() {
      remaining &-= 1
      let isSent = connections[index].outputUsual(
        via: &transmitter, device: &device, resources: &resources, pool: &pool)
      guard isSent else { return index }
      rearm(index)
    }
    return nil
  }
}

extension ConnectionFlags {
  /// Everything that makes output, or the segment that follows, something other than usual. What is
  /// not known to be harmless is on this list.
  static var unusual: Self {
    let lists: Self = .listedForEvents | .listedForOutput | .listedForDevice
    let kinds: Self = .inUse | .owned | .passive | .pending | .knocked | .countedAtSource
    let options: Self = .timestamps | .sackPermitted | .windowScaling | .ecnRequested
    let output: Self = .acknowledgments | .hasTransmitted | .windowLimited
    let harmless = lists | kinds | options | output | .rareEvents | .handshakeRetransmitted
    return Self(rawValue: ~harmless.rawValue)
  }
}

extension Connection {
  /// `Endpoint.transmitUsual`. Whatever is decided here, the general output would decide alike.
  @inline(__always)
  fileprivate mutating func outputUsual<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    via transmitter: inout Transmitter, device: inout Device, resources: inout Resources,
    pool: inout PacketPool
  ) -> Bool {
    let byteCount = sendQueue.unsentByteCount
    guard maySendUsual(byteCount, resources: resources),
      let address = sendQueue.unsentPiece(of: byteCount, elements: resources.elements)
    else { return false }
    let window = offerWindow(resources.configuration)
    let payload = Fragment(address: address, byteCount: Int(byteCount))
    // The frame is put together where it is written: until then too much happens for its parts to
    // stay in registers.
    let ticket = transmitter.transmitUsual(
      to: flow.remoteAddress,
      headerByteCount: UsualFrame.headerByteCount(hasTimestamps: flags.contains(.timestamps)),
      payload: payload, device: &device, pool: &pool
    ) {
      UsualFrame(
        addresses: flow.addresses, ports: flow.ports, sequence: send.next.rawValue,
        acknowledgment: receive.next.rawValue, window: window,
        hasTimestamps: flags.contains(.timestamps),
        timestampValue: resources.moment.milliseconds &+ timestamps.offset,
        timestampEcho: timestamps.recent, payloadByteCount: payload.byteCount)
    }
    guard let ticket else { return false }
    noteUsual(byteCount, ticket: ticket, resources: &resources)
    return true
  }

  /// All that waits is new data, `byteCount` bytes of it, and nothing holds them back.
  @inline(__always)
  private func maySendUsual(_ byteCount: UInt32, resources: borrowing Resources) -> Bool {
    state == .established && !flags.intersects(.unusual)
      && scoreboard.lostCount | release.byteCount == 0 && receive.duplicatesDue == 0
      && byteCount > 0 && byteCount <= send.maximumSegment
      && send.next.distance(from: send.unacknowledged) &+ byteCount <= send.window
      && scoreboard.inFlightByteCount &+ byteCount <= control.window
      && scoreboard.count < resources.configuration.sentSegmentLimit
      && resources.segments.freeCount > 0
  }

  /// A usual segment is on its way: what `transmitted` notes of others.
  @inline(__always)
  private mutating func noteUsual(
    _ byteCount: UInt32, ticket: UInt32, resources: inout Resources
  ) {
    receive.lastAcknowledged = receive.next
    release.lastTicket = ticket
    flags = (flags - .acknowledgments - .windowLimited - .listedForOutput) | .hasTransmitted
    resources.counters.sentSegments &+= 1
    resources.counters.sentBytes &+= UInt64(byteCount)
    let now = resources.moment.instant
    if scoreboard.isEmpty {
      // No timeout is shorter than the shortest.
      if now.since(timers.stalledSince) > resources.configuration.minimumTimeout {
        noteIdleness(now: now, resources.configuration)
      }
      timeLone(now: now, resources.configuration)
    } else {
      timeAnother(now: now, resources.configuration)
    }
    scoreboard.append(
      SentSegment(
        sequence: send.next, byteCount: byteCount, position: sendQueue.unsent,
        sentAt: resources.moment.microseconds),
      segments: &resources.segments)
    sendQueue.advanceToEnd()
    send.next = send.next.advanced(by: byteCount)
  }

  /// Nothing else is in flight: what `startRetransmissionTimer` does with a lone segment.
  @inline(__always)
  private mutating func timeLone(now: Instant, _ configuration: borrowing Configuration) {
    guard retransmission.backoffCount == 0, timers.retransmission == .distantFuture else {
      return startRetransmissionTimer(now: now, configuration)
    }
    timers.stalledSince = now
    timers.retransmission = now + retransmission.timeout(within: configuration.timeoutBounds)
    timers.purpose = flags.contains(.sackPermitted) ? .tailProbe : .retransmission
  }

  private mutating func timeAnother(now: Instant, _ configuration: borrowing Configuration) {
    if scoreboard.count == 1, timers.purpose == .tailProbe {
      armRetransmissionTimer(now: now, configuration)
    } else {
      startRetransmissionTimer(now: now, configuration)
    }
  }
}

extension SendQueue {
  /// Where the `byteCount` bytes that were never sent lie, all there are; nil when they lie in more
  /// than one piece.
  @inline(__always)
  func unsentPiece(
    of byteCount: UInt32, elements: borrowing SendElementPool
  ) -> KernelAddress? {
    let element = elements[unsent.element]
    guard element.byteCount &- unsent.offset == byteCount else { return nil }
    return element.address + Int(unsent.offset)
  }
}
