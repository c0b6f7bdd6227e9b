import Packets
import Wire

// Delayed acknowledgments: RFC 9293, section 3.8.6.3, and RFC 5681, section 4.2.
//
// Nothing is decided when a segment arrives: the replies of the application to a batch leave before
// anything else, and what they acknowledge is acknowledged. Only an ACK that found no data to ride
// on is sent alone, at once for two full segments or after a gap, and a little later otherwise.

extension Connection {
  @inline(__always)
  var owesAcknowledgment: Bool {
    flags.contains(.acknowledgmentDue) || receive.duplicatesDue > 0
  }

  /// Whether the ACK that is due waits. The peer's segments are taken to be as long as ours, which
  /// both sides' MSS and the path decide alike.
  @inline(__always)
  mutating func delaysAcknowledgment(
    now: Instant, _ configuration: borrowing Configuration
  ) -> Bool {
    guard !flags.contains(.acknowledgmentUrgent), receive.duplicatesDue == 0,
      receive.quickCount == 0,
      receive.next.distance(from: receive.lastAcknowledged) < 2 &* send.maximumSegment,
      configuration.acknowledgmentDelay > .zero
    else { return false }
    if !flags.contains(.acknowledgmentDelayed) {
      flags.insert(.acknowledgmentDelayed)
      timers.other = min(timers.other, now + configuration.acknowledgmentDelay)
    }
    return true
  }

  /// An ACK without data has been sent.
  @inline(__always)
  mutating func acknowledged() {
    flags.remove(.acknowledgments)
    receive.quickCount &-= min(1, receive.quickCount)
    // With SACK one says what many would, but for text that arrived twice.
    receive.duplicatesDue =
      flags.contains(.sackPermitted)
      ? rareReceive.duplicates.count : receive.duplicatesDue &- min(1, receive.duplicatesDue)
  }

  /// The delay is over, unless the ACK has left meanwhile; or it is time to look at an idle peer.
  mutating func expireOther(now: Instant, resources: inout Resources) -> Reaction {
    timers.other = .distantFuture
    let reaction = flags.contains(.acknowledgmentDelayed) ? acknowledgeNow() : .none
    guard flags.contains(.keepsAlive) else { return reaction }
    return reaction | keepAlive(now: now, resources: &resources)
  }
}
