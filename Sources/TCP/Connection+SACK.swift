import Packets
import Wire

// Selective acknowledgments, from the sender's side: RFC 2018, RFC 6675, and the timing rule of
// RACK (RFC 8985) for segments that were sent again.

extension Connection {
  /// An acknowledgment with SACK blocks, for a connection that negotiated them.
  mutating func receiveSACK(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    var reaction = receiveCumulative(segment, now: now, resources: &resources, pool: &pool)
    guard state != .closed, !scoreboard.isEmpty else { return reaction }
    let blocks = segment.options.sackBlocks.span
    var hasNews = false
    for position in 0..<Int(segment.options.sackBlockCount) {
      let start = SequenceNumber(blocks[position].start)
      let end = SequenceNumber(blocks[position].end)
      // RFC 2883: a block at or below SND.UNA reports a duplicate. Anything else that does not lie
      // in [SND.UNA, SND.NXT] is a lie or very old.
      guard start < end, start > send.unacknowledged, end <= send.next else { continue }
      if scoreboard.markSACKed(
        from: start, to: end, segments: &resources.segments, elements: resources.elements)
      {
        hasNews = true
      }
    }
    guard hasNews else { return reaction }
    reaction.insert(.output)
    resources.counters.duplicateAcknowledgments &+= 1
    detectLoss(now: now, resources: &resources)
    return reaction
  }

  /// IsLost of RFC 6675, section 4: three segments' worth above it are SACKed. A retransmission is
  /// lost again when something sent a quarter of a round trip after it has arrived (RFC 8985,
  /// section 6.2, steps 4 and 5).
  private mutating func detectLoss(now: Instant, resources: inout Resources) {
    let window = max(1_000, retransmission.smoothedRoundTrip / 4)
    let lostCount = scoreboard.markLost(
      threshold: 2 &* send.maximumSegment, reorderingWindow: window,
      segments: &resources.segments)
    guard lostCount > 0, !flags.intersects(.inRecovery | .inTimeoutRecovery) else { return }
    enterRecovery(now: now, resources: &resources)
  }
}

extension Scoreboard {
  /// Marks the segments that lie wholly in [start, end); a frame that the device cut into several
  /// is split where the block begins and ends. Whether anything was news.
  mutating func markSACKed(
    from start: SequenceNumber, to end: SequenceNumber, segments: inout SentSegmentPool,
    elements: borrowing SendElementPool
  ) -> Bool {
    var hasNews = false
    var index = head
    while index != PacketPool.none, segments[index].sequence < end {
      let segment = segments[index]
      if !segment.flags.contains(.sacked), segment.end > start {
        if segment.sequence < start {
          _ = split(
            index, after: start.distance(from: segment.sequence), segments: &segments,
            elements: elements)
        } else if segment.end <= end
          || split(
            index, after: end.distance(from: segment.sequence), segments: &segments,
            elements: elements)
        {
          markSACKed(index, segments: &segments)
          hasNews = true
        }
      }
      index = segments[index].next
    }
    return hasNews
  }

  /// Takes nothing for granted that was only SACKed.
  mutating func forgetSACKs(segments: inout SentSegmentPool) {
    var index = head
    while index != PacketPool.none {
      if segments[index].flags.contains(.sacked) {
        segments[index].flags.remove(.sacked)
        inFlightByteCount &+= segments[index].byteCount
      }
      index = segments[index].next
    }
  }

  private mutating func markSACKed(_ index: UInt32, segments: inout SentSegmentPool) {
    if segments[index].flags.contains(.lost) {
      segments[index].flags.remove(.lost)
      lostCount &-= 1
    } else {
      inFlightByteCount &-= segments[index].byteCount
    }
    segments[index].flags.insert(.sacked)
  }

  /// Gives segments up as lost: those sent once with more than `threshold` SACKed bytes above them,
  /// and those sent again more than `reorderingWindow` microseconds before something that has
  /// arrived. How many.
  mutating func markLost(
    threshold: UInt32, reorderingWindow: UInt32, segments: inout SentSegmentPool
  ) -> UInt32 {
    var above: UInt32 = 0
    var latest: UInt32?
    var index = head
    while index != PacketPool.none {
      let segment = segments[index]
      if segment.flags.contains(.sacked) {
        above &+= segment.byteCount
        let isLater = latest.map { Int32(bitPattern: segment.sentAt &- $0) > 0 } ?? true
        if isLater { latest = segment.sentAt }
      }
      index = segment.next
    }
    guard let latest else { return 0 }
    let before = lostCount
    index = head
    while index != PacketPool.none, above > 0 {
      let segment = segments[index]
      if segment.flags.contains(.sacked) {
        above &-= segment.byteCount
      } else if segment.flags.contains(.retransmitted) {
        let age = Int32(bitPattern: latest &- segment.sentAt)
        if age > Int32(truncatingIfNeeded: reorderingWindow) {
          markLost(index, segments: &segments)
        }
      } else if above > threshold {
        markLost(index, segments: &segments)
      }
      index = segment.next
    }
    return lostCount &- before
  }
}
