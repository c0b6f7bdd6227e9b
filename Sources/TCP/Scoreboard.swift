import Packets
import Wire

/// What one connection has sent and not had acknowledged, in sequence order, with what is known
/// about each segment's fate: the retransmission queue of RFC 9293 and the scoreboard of RFC 6675.
struct Scoreboard: BitwiseCopyable {
  private(set) var head = PacketPool.none
  private(set) var tail = PacketPool.none
  private(set) var count: UInt32 = 0
  /// Segments marked lost and not sent again.
  var lostCount: UInt32 = 0
  /// Bytes that are neither acknowledged, nor held by the peer, nor lost (pipe of RFC 6675).
  var inFlightByteCount: UInt32 = 0
  /// Bytes that the peer holds beyond a gap.
  var sackedByteCount: UInt32 = 0

  var isEmpty: Bool { head == PacketPool.none }

  /// Records a segment sent for the first time, the latest in sequence. There is a free record.
  @inline(__always)
  mutating func append(_ segment: SentSegment, segments: inout SentSegmentPool) {
    guard let index = segments.allocate() else { return }
    segments[index] = segment
    if tail == PacketPool.none { head = index } else { segments[tail].next = index }
    tail = index
    count &+= 1
    inFlightByteCount &+= segment.byteCount
  }

  /// What a cumulative acknowledgment removed.
  struct Removal {
    /// When the latest of the segments was sent.
    var sentAt: UInt32 = 0
    /// `sentAt` and now are a round trip apart: no segment was sent twice (Karn's rule), and none
    /// arrived long ago and waited for a gap to be filled.
    var hasSample = true
    /// When the last of those that were sent twice was sent.
    var retransmittedAt: UInt32 = 0
    var coversFIN = false
  }

  /// Forgets everything before `acknowledgment`.
  @inline(__always)
  mutating func acknowledge(
    upTo acknowledgment: SequenceNumber, segments: inout SentSegmentPool,
    elements: borrowing SendElementPool
  ) -> Removal {
    var removal = Removal()
    let count = count
    while head != PacketPool.none {
      let segment = segments[head]
      guard segment.end <= acknowledgment else {
        trimHead(upTo: acknowledgment, segments: &segments, elements: elements)
        break
      }
      if segment.flags.contains(.fin) { removal.coversFIN = true }
      removal.sentAt = segment.sentAt
      if segment.flags.intersects(.retransmitted | .sacked) {
        removal.hasSample = false
        removal.retransmittedAt = segment.sentAt
      }
      removeHead(segment, segments: &segments)
    }
    if self.count == count { removal.hasSample = false }
    return removal
  }

  /// `acknowledgment` covers the oldest segment and no other, and nothing happened to that one.
  @inline(__always)
  func hasUsualHead(
    endingAt acknowledgment: SequenceNumber, segments: borrowing SentSegmentPool
  ) -> Bool {
    head != PacketPool.none && segments[head].flags == .none
      && segments[head].sequence.advanced(by: segments[head].byteCount) == acknowledgment
  }

  /// Forgets a usual head; when it was sent.
  @inline(__always)
  mutating func removeUsualHead(segments: inout SentSegmentPool) -> UInt32 {
    let index = head
    let sentAt = segments[index].sentAt
    inFlightByteCount &-= segments[index].byteCount
    head = segments[index].next
    segments.free(index)
    if head == PacketPool.none { tail = head }
    count &-= 1
    return sentAt
  }

  /// Forgets everything.
  mutating func removeAll(segments: inout SentSegmentPool) {
    while head != PacketPool.none { removeHead(segments[head], segments: &segments) }
  }

  @inline(__always)
  private mutating func removeHead(_ segment: SentSegment, segments: inout SentSegmentPool) {
    if segment.flags.contains(.lost) {
      lostCount &-= 1
    } else if !segment.flags.contains(.sacked) {
      inFlightByteCount &-= segment.byteCount
    } else {
      sackedByteCount &-= segment.byteCount
    }
    segments.free(head)
    head = segment.next
    if head == PacketPool.none { tail = head }
    count &-= 1
  }

  /// A segment that the device was to cut can be acknowledged in part.
  private mutating func trimHead(
    upTo acknowledgment: SequenceNumber, segments: inout SentSegmentPool,
    elements: borrowing SendElementPool
  ) {
    let segment = segments[head]
    guard segment.sequence < acknowledgment else { return }
    let byteCount = min(acknowledgment.distance(from: segment.sequence), segment.byteCount)
    if segment.flags.contains(.sacked) {
      sackedByteCount &-= byteCount
    } else if !segment.flags.contains(.lost) {
      inFlightByteCount &-= byteCount
    }
    segments[head].sequence = segment.sequence.advanced(by: byteCount)
    segments[head].byteCount = segment.byteCount &- byteCount
    SendQueue.advance(&segments[head].position, by: byteCount, elements: elements)
  }

  /// Cuts a segment in two after `byteCount` bytes; false when that is not possible now.
  mutating func split(
    _ index: UInt32, after byteCount: UInt32, segments: inout SentSegmentPool,
    elements: borrowing SendElementPool
  ) -> Bool {
    guard byteCount > 0, byteCount < segments[index].byteCount, let rest = segments.allocate()
    else { return false }
    var second = segments[index]
    second.sequence = second.sequence.advanced(by: byteCount)
    second.byteCount &-= byteCount
    SendQueue.advance(&second.position, by: byteCount, elements: elements)
    segments[rest] = second
    segments[index].byteCount = byteCount
    segments[index].flags.remove(.fin)
    segments[index].next = rest
    if tail == index { tail = rest }
    count &+= 1
    if second.flags.contains(.lost) { lostCount &+= 1 }
    return true
  }
}

extension Scoreboard {
  /// Gives the oldest segment up as lost unless it has been sent again since `flags` were cleared.
  mutating func markHeadLost(segments: inout SentSegmentPool) {
    guard head != PacketPool.none else { return }
    markLost(head, segments: &segments)
  }

  @inline(__always)
  mutating func markLost(_ index: UInt32, segments: inout SentSegmentPool) {
    guard !segments[index].flags.intersects(.lost | .sacked) else { return }
    segments[index].flags.insert(.lost)
    lostCount &+= 1
    inFlightByteCount &-= segments[index].byteCount
  }

  /// Gives everything up that the peer is not known to hold: the retransmission timer expired.
  mutating func markAllLost(segments: inout SentSegmentPool) {
    var index = head
    while index != PacketPool.none {
      markLost(index, segments: &segments)
      index = segments[index].next
    }
  }

  /// The oldest segment that is lost and not sent again.
  func firstLost(segments: borrowing SentSegmentPool) -> UInt32? {
    guard lostCount > 0 else { return nil }
    var index = head
    while index != PacketPool.none {
      if segments[index].flags.contains(.lost) { return index }
      index = segments[index].next
    }
    return nil
  }

  /// A lost segment was sent again.
  mutating func retransmitted(_ index: UInt32, at time: UInt32, segments: inout SentSegmentPool) {
    if segments[index].flags.contains(.lost) {
      segments[index].flags.remove(.lost)
      lostCount &-= 1
      inFlightByteCount &+= segments[index].byteCount
    }
    segments[index].flags.insert(.retransmitted)
    segments[index].sentAt = time
  }
}
