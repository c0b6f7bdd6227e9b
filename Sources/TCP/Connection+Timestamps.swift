import Packets
import Wire

// Timestamps and PAWS (RFC 7323), when to acknowledge, and challenge ACKs (RFC 5961).

extension Connection {
  /// TSval of what is sent now: milliseconds, from an offset of the flow's own.
  @inline(__always)
  func timestampValue(at now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000) &+ timestamps.offset
  }

  @inline(__always)
  func isTimestampInOrder(of segment: IncomingSegment) -> Bool {
    segment.options.hasTimestamps
      && SequenceNumber(segment.options.timestampValue) >= SequenceNumber(timestamps.recent)
  }

  /// RFC 7323, section 5.3, R1, with section 5.5: after 24 days TS.Recent says nothing. A segment
  /// without the option is dropped, too (section 3.2).
  func hasOldTimestamp(_ segment: IncomingSegment, now: Instant) -> Bool {
    guard flags.contains(.timestamps), state != .synReceived else { return false }
    guard segment.options.hasTimestamps else { return true }
    guard !isTimestampInOrder(of: segment) else { return false }
    return now.seconds &- timestamps.recentAt < 24 * 86_400
  }

  /// RFC 7323, section 4.3: the timestamp of the segment that covers the last ACK sent is echoed.
  @inline(__always)
  mutating func recordTimestamp(of segment: IncomingSegment, now: Instant) {
    guard flags.contains(.timestamps), segment.options.hasTimestamps,
      segment.sequence <= receive.lastAcknowledged
    else { return }
    timestamps.recent = segment.options.timestampValue
    timestamps.recentAt = now.seconds
  }

  /// An ACK is due when the next output happens.
  @inline(__always)
  mutating func acknowledgeNow() -> Reaction {
    flags.insert(.acknowledgmentDue | .acknowledgmentUrgent)
    return .output
  }

  /// An ACK is due, but may wait for a while.
  @inline(__always)
  mutating func acknowledgeSoon() -> Reaction {
    flags.insert(.acknowledgmentDue)
    return .output
  }

  /// A challenge ACK, unless this connection has sent its share of this second.
  mutating func challenge(now: Instant, resources: inout Resources) -> Reaction {
    if challenge.limit == 0 || challenge.second != now.seconds {
      challenge = ChallengeLimit(
        second: now.seconds,
        limit: resources.secrets.challengeLimit(for: flow, second: now.seconds))
    }
    guard challenge.count < challenge.limit else {
      resources.counters.challengesSuppressed &+= 1
      return .none
    }
    challenge.count &+= 1
    resources.counters.challengeAcknowledgments &+= 1
    return acknowledgeNow()
  }
}
