import IXABI
import Packets
import Wire

/// A connection's deadlines. One timer of the wheel stands for all of them: it is armed for the
/// earliest, and a deadline that moves later is only noted here.
struct ConnectionTimers: BitwiseCopyable {
  /// Retransmission and window probes; SYN; TIME-WAIT; FIN-WAIT-2: never two of them at once.
  var retransmission = Instant.distantFuture
  /// The delayed ACK or the look at an idle peer, whichever comes first.
  var other = Instant.distantFuture
  /// When the wheel's timer fires.
  var armed = Instant.distantFuture
  /// When the peer last let us make progress.
  var stalledSince = Instant(nanoseconds: 0)
  /// What `retransmission` is for where a scoreboard is the reason.
  var purpose = TimerPurpose.retransmission

  @inline(__always)
  var earliest: Instant { min(retransmission, other) }
}

/// RFC 8985, section 8: of these timers only one runs at a time.
enum TimerPurpose: UInt8, BitwiseCopyable {
  /// The retransmission timeout, or the probe of a closed window.
  case retransmission
  /// PTO.
  case tailProbe
  /// The RACK reordering timer.
  case reordering
}

extension Connection {
  /// RFC 6298, sections 5.2 and 5.3. What was to be sent again may have been acknowledged first.
  @inline(__always)
  mutating func restartRetransmissionTimer(now: Instant, _ configuration: borrowing Configuration) {
    guard !scoreboard.isEmpty else {
      timers.retransmission = .distantFuture
      flags.remove(.retransmitNow)
      return
    }
    armRetransmissionTimer(now: now, configuration)
  }

  /// RFC 6298, section 5.1: something is in flight, or about to be probed.
  @inline(__always)
  mutating func startRetransmissionTimer(now: Instant, _ configuration: borrowing Configuration) {
    guard timers.retransmission == .distantFuture else { return }
    if scoreboard.isEmpty || scoreboard.count == 1 { timers.stalledSince = now }
    armRetransmissionTimer(now: now, configuration)
  }

  /// The SYN or SYN-ACK is about to be sent.
  mutating func startHandshakeTimer(now: Instant, _ configuration: borrowing Configuration) {
    guard timers.retransmission == .distantFuture else { return }
    timers.retransmission =
      now + retransmission.timeout(within: configuration.timeoutBounds)
  }

  /// The SYN or SYN-ACK has been sent.
  mutating func handshakeWasSent(now: Instant) {
    flags.remove(.handshakeDue | .acknowledgments)
    detection.retransmittedAt = timestampValue(at: now)
  }

  /// The wheel's timer fired. An answer that is missing is believed to be so when everything has been
  /// heard up to its deadline, or the deadline is long past.
  mutating func expire(now: Instant, heardUntil: Instant, resources: inout Resources) -> Reaction {
    timers.armed = .distantFuture
    let reaction = timers.other <= now ? expireOther(now: now, resources: &resources) : .none
    guard timers.retransmission <= now, state != .closed else { return reaction }
    if timers.retransmission > heardUntil, awaitsAnswer,
      now.since(timers.retransmission) < Self.longestDoubt
    {
      return reaction | .premature
    }
    return reaction | expireDeadline(now: now, resources: &resources)
  }

  /// How long a retransmission may wait for cores that do not get around to their queues.
  private static var longestDoubt: Interval { .milliseconds(50) }

  /// Something has been sent that the peer is to answer: `timers.retransmission` is the deadline.
  @inline(__always)
  var awaitsAnswer: Bool { !scoreboard.isEmpty || state == .synSent || state == .synReceived }

  private mutating func expireDeadline(now: Instant, resources: inout Resources) -> Reaction {
    timers.retransmission = .distantFuture
    switch state {
    case .closed: return .none
    case .timeWait: return end(.closed)
    case .synSent, .synReceived: return expireHandshake(now: now, resources: &resources)
    case .finWait2: return flags.contains(.abandoned) ? end(.closed) : .none
    case .established, .finWait1, .closeWait, .closing, .lastAck:
      switch timers.purpose {
      case .retransmission: return expireRetransmission(now: now, resources: &resources)
      case .tailProbe: return expireTailProbe(now: now, resources: &resources)
      case .reordering: return expireReordering(now: now, resources: &resources)
      }
    }
  }

  /// The SYN or SYN-ACK was not answered.
  private mutating func expireHandshake(now: Instant, resources: inout Resources) -> Reaction {
    let configuration = resources.configuration
    let limit =
      flags.contains(.passive) ? configuration.handshakeTimeout : configuration.connectTimeout
    guard now.since(timers.stalledSince) < limit else {
      resources.counters.timedOutConnections &+= 1
      return end(.timedOut)
    }
    resources.counters.timeouts &+= 1
    retransmission.backOff()
    flags.insert(.handshakeDue | .handshakeRetransmitted)
    // Whatever swallowed the SYN may not like ECN (RFC 3168, section 6.1.1.1).
    flags.remove(.ecnRequested)
    return .output
  }

  /// RFC 6298, sections 5.4 to 5.6, and RFC 9293, section 3.8.6.1, for a closed window.
  mutating func expireRetransmission(now: Instant, resources: inout Resources) -> Reaction {
    let configuration = resources.configuration
    guard !scoreboard.isEmpty || hasUnsent else { return .none }
    guard now.since(timers.stalledSince) < userTimeout(configuration),
      !hasBeenClosedTooLong(now: now, configuration)
    else {
      resources.counters.timedOutConnections &+= 1
      return end(.timedOut) | .reset
    }
    retransmission.backOff()
    timers.retransmission = now + retransmission.timeout(within: configuration.timeoutBounds)
    limitTimerByPatience()
    timers.purpose = .retransmission
    if scoreboard.isEmpty {
      flags.insert(.probeDue)
      return .output
    }
    flags.insert(.retransmitNow)
    if send.window == 0 {
      resources.counters.windowProbes &+= 1
      scoreboard.markHeadLost(segments: &resources.segments)
      return .output
    }
    timeOut(now: now, resources: &resources)
    suspectBlackHole(now: now, resources: &resources)
    return .output
  }

  /// RFC 9293, section 3.8.6.1, lets a peer that answers probes keep its window closed for ever; it
  /// holds our memory meanwhile, so there is a limit, as RFC 6429, section 3, permits.
  private mutating func hasBeenClosedTooLong(
    now: Instant, _ configuration: borrowing Configuration
  ) -> Bool {
    guard send.window == 0 else { return false }
    guard let since = rareSend.closedSince else {
      rareSend.closedSince = now
      return false
    }
    return now.since(since) >= configuration.closedWindowTimeout
  }

  /// RFC 5681, section 3.1, equation 4: the threshold is halved once, not at every repetition.
  private mutating func timeOut(now: Instant, resources: inout Resources) {
    resources.counters.timeouts &+= 1
    if !flags.contains(.inTimeoutRecovery) || retransmission.backoffCount == 1 {
      if detection.flags.contains(.isUndoable | .followsTimeout) { retransmission.wasNeeded() }
      detection.beginEpisode(followsTimeout: true)
      control.timedOut(
        inFlight: send.next.distance(from: send.unacknowledged),
        maximumSegment: send.maximumSegment, now: now)
    }
    // A second timeout in a row may mean that the peer has dropped what it had SACKed (RFC 2018,
    // section 8); after the first, the scoreboard is worth keeping (RFC 6675, section 5.1).
    if retransmission.backoffCount > 1 { scoreboard.forgetSACKs(segments: &resources.segments) }
    scoreboard.markAllLost(segments: &resources.segments)
    flags.remove(.inRecovery | .tailProbed)
    flags.insert(.inTimeoutRecovery)
    noteReduction()
    // Another path, perhaps: the shortest round trip is looked for anew.
    detection.minimumRoundTrip = .max
    rareSend.recoveryPoint = send.next
    send.duplicateCredit = 0
    send.duplicateCount = 0
  }
}
