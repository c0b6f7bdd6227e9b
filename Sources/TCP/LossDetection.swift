import Packets
import Wire

/// What RACK-TLP (RFC 8985, sections 5.2 and 5.3) and the undoing of needless repairs remember.
/// Times are in microseconds and wrap.
struct LossDetection: BitwiseCopyable {
  /// RACK.min_RTT, since the latest timeout.
  var minimumRoundTrip: UInt32 = .max
  /// RACK.xmit_ts and RACK.end_seq: the segment sent last of those that have arrived.
  var latestSentAt: UInt32 = 0
  var latestEnd = SequenceNumber(0)
  /// RACK.rtt: its round trip; zero while there is none.
  var roundTrip: UInt32 = 0
  /// RACK.fack: the highest sequence number that has arrived.
  var forwardmost = SequenceNumber(0)
  /// RACK.dsack_round: the window grows once before this is acknowledged.
  var duplicateRound = SequenceNumber(0)
  /// TLP.end_seq, while `.tailProbed` is set.
  var tailProbeEnd = SequenceNumber(0)
  /// RetransmitTS (RFC 3522, section 3.2): TSval of the first retransmission of an episode.
  var retransmittedAt: UInt32 = 0
  /// Bytes sent again in an episode that no DSACK has reported as needless.
  var unreportedByteCount: UInt32 = 0
  /// RACK.reo_wnd_mult and RACK.reo_wnd_persist.
  var windowMultiplier: UInt8 = 1
  var persistence: UInt8 = 0
  var flags = LossDetectionFlags.none

  /// RACK_update (RFC 8985, section 6.2, step 2): a segment sent at `sentAt` has arrived. A round
  /// trip shorter than any before is that of an earlier copy.
  mutating func noteArrival(
    sentAt: UInt32, end: SequenceNumber, isRetransmission: Bool, now: UInt32
  ) {
    let age = now &- sentAt
    if isRetransmission, minimumRoundTrip != .max, age < minimumRoundTrip { return }
    let difference = Int32(bitPattern: sentAt &- latestSentAt)
    guard roundTrip == 0 || difference > 0 || (difference == 0 && end > latestEnd) else { return }
    latestSentAt = sentAt
    latestEnd = end
    // No timer waits longer than the longest round trip that is measured (see `measure`).
    roundTrip = min(max(age, 1), 1 << 26)
  }

  /// RACK_detect_reordering (RFC 8985, section 6.2, step 3).
  mutating func noteOrder(end: SequenceNumber, isRetransmission: Bool) {
    if end > forwardmost {
      forwardmost = end
    } else if end < forwardmost, !isRetransmission {
      flags.insert(.reorderingSeen)
    }
  }

  /// RACK_sent_after: something sent after this segment has arrived.
  @inline(__always)
  func wasOvertaken(_ segment: SentSegment) -> Bool {
    let difference = Int32(bitPattern: latestSentAt &- segment.sentAt)
    return difference > 0 || (difference == 0 && latestEnd > segment.end)
  }

  /// A repair begins; it can be undone until the next one.
  mutating func beginEpisode(followsTimeout: Bool) {
    unreportedByteCount = 0
    flags.remove(.awaitsEcho | .followsTimeout)
    flags.insert(followsTimeout ? .isUndoable | .followsTimeout : .isUndoable)
  }

  /// RFC 8985, section 6.2, step 4: 16 recoveries without a DSACK shrink the window again.
  mutating func endEpisode() {
    persistence &-= min(1, persistence)
    if persistence == 0 { windowMultiplier = 1 }
  }
}

struct LossDetectionFlags: FlagSet {
  var rawValue: UInt8
  /// RACK.reordering_seen.
  static var reorderingSeen: Self { Self(rawValue: 1 << 0) }
  /// TLP.is_retrans.
  static var probeIsRetransmission: Self { Self(rawValue: 1 << 1) }
  /// The control's state before the latest congestion response is worth going back to.
  static var isUndoable: Self { Self(rawValue: 1 << 2) }
  /// `retransmittedAt` is to be compared with the next new acknowledgment's echo.
  static var awaitsEcho: Self { Self(rawValue: 1 << 3) }
  /// The latest repair began with a timeout.
  static var followsTimeout: Self { Self(rawValue: 1 << 4) }
}

extension Scoreboard {
  /// RACK_detect_loss (RFC 8985, section 6.2, step 5): gives up what was overtaken by more than
  /// `window` microseconds. How many segments, and how long until the next decision.
  mutating func markOvertaken(
    _ detection: LossDetection, window: UInt32, now: UInt32, segments: inout SentSegmentPool
  ) -> (lostCount: UInt32, wait: UInt32) {
    let before = lostCount
    var wait: UInt32 = 0
    var index = head
    while index != PacketPool.none {
      let segment = segments[index]
      if !segment.flags.intersects(.sacked | .lost), detection.wasOvertaken(segment) {
        // What waits longest waits this long, also where the clock has wrapped since it was sent.
        let limit = detection.roundTrip &+ window
        let age = now &- segment.sentAt
        if age >= limit {
          markLost(index, segments: &segments)
        } else {
          wait = max(wait, limit &- age)
        }
      }
      index = segment.next
    }
    return (lostCount &- before, wait)
  }

  /// Nothing is lost after all: what was not sent again is in flight.
  mutating func forgetLosses(segments: inout SentSegmentPool) {
    var index = lostCount > 0 ? head : PacketPool.none
    while index != PacketPool.none {
      if segments[index].flags.contains(.lost) {
        segments[index].flags.remove(.lost)
        lostCount &-= 1
        inFlightByteCount &+= segments[index].byteCount
      }
      index = segments[index].next
    }
  }
}
