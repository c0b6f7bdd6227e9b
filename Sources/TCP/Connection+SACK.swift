import Packets
import Wire

// Selective acknowledgments, from the sender's side: RFC 2018 and RFC 2883.

extension Connection {
  /// An acknowledgment with SACK blocks, for a connection that negotiated them.
  mutating func receiveSACK(
    _ segment: IncomingSegment, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    if reportsDuplicate(segment) {
      receiveDuplicateReport(segment, now: now, resources: &resources)
    }
    var reaction = receiveCumulative(segment, now: now, resources: &resources, pool: &pool)
    guard state != .closed, !scoreboard.isEmpty else { return reaction }
    let blocks = segment.options.sackBlocks.span
    // Of an earlier turn of the sequence space, perhaps.
    if detection.forwardmost < send.unacknowledged || detection.forwardmost > send.next {
      detection.forwardmost = send.unacknowledged
    }
    var hasNews = false
    for position in 0..<Int(segment.options.sackBlockCount) {
      let start = SequenceNumber(blocks[position].start)
      let end = SequenceNumber(blocks[position].end)
      // A block at or below SND.UNA reports a duplicate. Anything else that does not lie in
      // [SND.UNA, SND.NXT] is a lie or very old.
      guard start < end, start > send.unacknowledged, end <= send.next else { continue }
      if markSACKed(from: start, to: end, now: now, resources: &resources) { hasNews = true }
    }
    guard hasNews else { return reaction }
    reaction.insert(.output)
    resources.counters.duplicateAcknowledgments &+= 1
    detectLoss(now: now, resources: &resources)
    return reaction
  }

  /// Marks the segments that lie wholly in [start, end); a frame that the device cut into several
  /// is split where the block begins and ends. Whether anything was news.
  private mutating func markSACKed(
    from start: SequenceNumber, to end: SequenceNumber, now: Instant, resources: inout Resources
  ) -> Bool {
    var hasNews = false
    var index = scoreboard.head
    while index != PacketPool.none, resources.segments[index].sequence < end {
      let segment = resources.segments[index]
      if !segment.flags.contains(.sacked), segment.end > start {
        if segment.sequence < start {
          _ = scoreboard.split(
            index, after: start.distance(from: segment.sequence), segments: &resources.segments,
            elements: resources.elements)
        } else if segment.end <= end
          || scoreboard.split(
            index, after: end.distance(from: segment.sequence), segments: &resources.segments,
            elements: resources.elements)
        {
          scoreboard.markSACKed(index, segments: &resources.segments)
          noteSACKed(resources.segments[index], now: now)
          hasNews = true
        }
      }
      index = resources.segments[index].next
    }
    return hasNews
  }

  private mutating func noteSACKed(_ segment: SentSegment, now: Instant) {
    let isRetransmission = segment.flags.contains(.retransmitted)
    detection.noteArrival(
      sentAt: segment.sentAt, end: segment.end, isRetransmission: isRetransmission,
      now: now.shortMicroseconds)
    detection.noteOrder(end: segment.end, isRetransmission: isRetransmission)
  }
}

extension Scoreboard {
  /// The peer has the segment, and may still forget it.
  mutating func markSACKed(_ index: UInt32, segments: inout SentSegmentPool) {
    if segments[index].flags.contains(.lost) {
      segments[index].flags.remove(.lost)
      lostCount &-= 1
    } else {
      inFlightByteCount &-= segments[index].byteCount
    }
    sackedByteCount &+= segments[index].byteCount
    segments[index].flags.insert(.sacked)
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
    sackedByteCount = 0
  }
}
