import IXABI
import Packets
import Wire

// How long an application waits for a peer that does not answer: keep-alive (RFC 9293, section
// 3.8.4) and a user timeout of the connection's own (section 3.8.3, R2).

/// The wishes of one connection; zero where there are none.
struct Patience: BitwiseCopyable {
  /// Idle time before the first probe, in milliseconds.
  var idleLimit: UInt32 = 0
  /// How long data may stay unacknowledged, in milliseconds.
  var userTimeout: UInt32 = 0
  /// When the peer was heard last, in units of 2^20 ns; kept only with keep-alive.
  private var heardAt: UInt32 = 0
  /// Probes since then.
  var probeCount: UInt8 = 0

  @inline(__always)
  mutating func heard(at now: Instant) {
    heardAt = UInt32(truncatingIfNeeded: now.nanoseconds &>> 20)
    probeCount = 0
  }

  /// The time since the peer was heard; right for seven weeks.
  func silence(at now: Instant) -> Interval {
    let units = UInt32(truncatingIfNeeded: now.nanoseconds &>> 20) &- heardAt
    return Interval(nanoseconds: UInt64(units) &<< 20)
  }
}

extension Connection {
  /// The longest that bytes may stay unacknowledged.
  func userTimeout(_ configuration: borrowing Configuration) -> Interval {
    patience.userTimeout > 0
      ? .milliseconds(UInt64(patience.userTimeout)) : configuration.userTimeout
  }

  /// The retransmission timer does not run beyond the end of the application's patience.
  @inline(__always)
  mutating func limitTimerByPatience() {
    guard patience.userTimeout > 0 else { return }
    let end = timers.stalledSince + .milliseconds(UInt64(patience.userTimeout))
    timers.retransmission = min(timers.retransmission, end)
  }

  /// Asks an idle peer whether it is there after `milliseconds` without a segment of it; with zero,
  /// not any more.
  mutating func keepAlive(after milliseconds: UInt32, now: Instant) -> Reaction {
    patience.idleLimit = milliseconds
    patience.heard(at: now)
    guard milliseconds > 0 else {
      flags.remove(.keepsAlive)
      return .none
    }
    flags.insert(.keepsAlive)
    timers.other = min(timers.other, now + .milliseconds(UInt64(milliseconds)))
    return .none
  }

  /// Looks at a peer that was to be heard by now. While something is unacknowledged the
  /// retransmission timer finds out more (MUST-26).
  @inline(never)
  mutating func keepAlive(now: Instant, resources: inout Resources) -> Reaction {
    let limit = Interval.milliseconds(UInt64(patience.idleLimit))
    let silence = patience.silence(at: now)
    guard state == .established || state == .closeWait || state == .finWait2,
      scoreboard.isEmpty, !hasUnsent
    else {
      timers.other = min(timers.other, now + limit)
      return .none
    }
    guard silence >= limit else {
      // The clock of `silence` is coarse: never early.
      timers.other = min(timers.other, now + (limit - silence) + .milliseconds(2))
      return .none
    }
    let configuration = resources.configuration
    let isOutOfTime =
      patience.userTimeout > 0 && patience.probeCount > 0
      && silence >= userTimeout(configuration)
    guard patience.probeCount < configuration.keepAliveProbeLimit, !isOutOfTime else {
      resources.counters.timedOutConnections &+= 1
      return end(.timedOut) | .reset
    }
    patience.probeCount &+= 1
    resources.counters.keepAliveProbes &+= 1
    var wait = min(limit, configuration.keepAliveInterval)
    if patience.userTimeout > 0 {
      wait = min(wait, userTimeout(configuration) - silence + .milliseconds(2))
    }
    timers.other = min(timers.other, now + wait)
    flags.insert(.keepAliveDue)
    return acknowledgeNow()
  }
}
