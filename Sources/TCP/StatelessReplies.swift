import Packets
import Wire

/// A segment without payload for which no connection is needed.
struct StatelessReply: BitwiseCopyable {
  var flow = Flow(localAddress: .any, remoteAddress: .any, localPort: 0, remotePort: 0)
  var sequence = SequenceNumber(0)
  var acknowledgment = SequenceNumber(0)
  var flags = TCPFlags.none
  /// As it goes into the header.
  var window: UInt16 = 0
  var options = TCPOptions()

  var segment: OutgoingSegment {
    var segment = OutgoingSegment(
      flow: flow, sequence: sequence, acknowledgment: acknowledgment, flags: flags,
      window: window)
    segment.header.options = options
    return segment
  }

  /// The RST that answers `segment` where there is no connection for it; nil for a RST
  /// (RFC 9293, section 3.10.7.1).
  init?(refusing segment: IncomingSegment) {
    guard !segment.flags.contains(.rst) else { return nil }
    flow = segment.flow
    if segment.flags.contains(.ack) {
      sequence = segment.acknowledgment
      flags = .rst
    } else {
      acknowledgment = segment.sequence.advanced(by: segment.sequenceByteCount)
      flags = .rst | .ack
    }
  }

  init(flow: Flow, sequence: SequenceNumber, acknowledgment: SequenceNumber, flags: TCPFlags) {
    self.flow = flow
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.flags = flags
  }

  init() {}
}

/// Replies that wait for the next output; bounded, so that a flood of segments for closed ports
/// costs no more than this.
struct StatelessReplies: ~Copyable {
  private var ring = InlineArray<64, StatelessReply>(repeating: StatelessReply())
  private var first = 0
  private(set) var count = 0

  /// False when the queue is full.
  mutating func append(_ reply: StatelessReply) -> Bool {
    guard count < 64 else { return false }
    ring[(first &+ count) & 63] = reply
    count &+= 1
    return true
  }

  @inline(__always)
  var head: StatelessReply? { count == 0 ? nil : ring.span[first] }

  mutating func removeHead() {
    guard count > 0 else { return }
    first = (first &+ 1) & 63
    count &-= 1
  }
}
