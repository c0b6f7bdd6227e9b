import Packets
import Wire

/// One segment that was sent and is not acknowledged: 32 bytes of a pool shared by all connections
/// of a core. Its payload can be found and sent again without walking the send queue.
struct SentSegment: BitwiseCopyable {
  var sequence = SequenceNumber(0)
  /// Payload bytes.
  var byteCount: UInt32 = 0
  var position = SendPosition()
  /// When it was sent last, in microseconds; wraps after 71 minutes.
  var sentAt: UInt32 = 0
  var next = PacketPool.none
  var flags = SentSegmentFlags.none
  /// Finding a record by its number is a shift, not a multiplication.
  var padding: UInt32 = 0

  /// The sequence number after the segment.
  @inline(__always)
  var end: SequenceNumber { sequence.advanced(by: byteCount &+ (flags.contains(.fin) ? 1 : 0)) }
}

struct SentSegmentFlags: FlagSet {
  var rawValue: UInt8
  /// A FIN follows the payload.
  static var fin: Self { Self(rawValue: 1 << 0) }
  /// The peer has it (RFC 2018), so it is neither in flight nor to be sent again.
  static var sacked: Self { Self(rawValue: 1 << 1) }
  /// Given up as lost, and not sent again yet: not in flight.
  static var lost: Self { Self(rawValue: 1 << 2) }
  /// Sent more than once: no round-trip sample (Karn's rule).
  static var retransmitted: Self { Self(rawValue: 1 << 3) }
}

/// The core's records of sent segments.
struct SentSegmentPool: ~Copyable {
  private var segments: Table<SentSegment>
  /// Those that were used and can be used again; others are made when these are used up.
  private var firstFree = PacketPool.none
  private(set) var freeCount: Int

  init?(count: Int, arena: inout Arena) {
    guard let segments = arena.carve(capacity: count, of: SentSegment.self) else { return nil }
    self.segments = segments
    freeCount = count
  }

  subscript(_ index: UInt32) -> SentSegment {
    @inline(__always) get { segments[index] }
    @inline(__always) _modify { yield &segments[index] }
  }

  @inline(__always)
  mutating func allocate() -> UInt32? {
    let index = firstFree
    guard index != PacketPool.none else { return make() }
    firstFree = segments[index].next
    freeCount &-= 1
    return index
  }

  private mutating func make() -> UInt32? {
    guard let index = segments.append(SentSegment()) else { return nil }
    freeCount &-= 1
    return index
  }

  @inline(__always)
  mutating func free(_ index: UInt32) {
    segments[index].next = firstFree
    firstFree = index
    freeCount &+= 1
  }
}
