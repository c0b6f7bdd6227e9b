import Packets
import Wire

/// What the fragments of one packet have in common (RFC 791, section 3.2).
struct FragmentKey: Equatable, BitwiseCopyable {
  var source = IPv4Address.any
  var destination = IPv4Address.any
  var identification: UInt16 = 0
  var protocolNumber = IPv4Protocol(0)
}

/// Where a fragment's payload belongs.
struct FragmentRange: BitwiseCopyable {
  /// In bytes from the start of the whole packet's payload; a multiple of eight.
  var offset: Int
  var byteCount: Int
  /// Nothing follows.
  var isLast: Bool
  /// What the network has said about it (RFC 3168, section 5), 0..3.
  var congestionCodepoint: UInt8 = 0

  var end: Int { offset &+ byteCount }
}

/// The fragments of one packet that have arrived; their bytes lie in `buffer`.
struct FragmentSet: BitwiseCopyable {
  /// `PacketPool.none` when nothing is being put together here.
  var buffer = PacketPool.none
  var key = FragmentKey()
  var deadline = Instant(nanoseconds: 0)
  /// Payload bytes of the whole packet, once the last fragment has come.
  private var total: Int?
  /// The farthest end of any fragment.
  private var farthest = 0
  private var byteCount = 0
  /// One bit for each ECN codepoint that a fragment had.
  private var codepoints: UInt8 = 0
  /// One bit for each eight bytes that have arrived.
  private var arrived = InlineArray<4, UInt64>(repeating: 0)

  /// Most payload bytes: as many as there are bits, and as fit into a buffer behind a header.
  static var payloadLimit: Int { PacketPool.bufferByteCount - IPv4Header.byteCount }

  enum Addition {
    case incomplete
    /// All of the packet's payload is there.
    case complete(byteCount: Int)
    case duplicate
    case contradiction
    /// A mark among fragments of a transport that does not understand marks.
    case misplacedMark
  }

  init() {}

  init(key: FragmentKey, buffer: UInt32, deadline: Instant) {
    self.key = key
    self.buffer = buffer
    self.deadline = deadline
  }

  /// Notes a fragment. Nothing that has arrived is ever replaced: overlaps that differ are how
  /// filters are deceived (RFC 1858), and no correct sender makes them.
  mutating func add(_ range: FragmentRange) -> Addition {
    if let total, range.end > total || range.isLast && range.end != total {
      return .contradiction
    }
    if range.isLast, range.end < farthest { return .contradiction }
    let first = range.offset &>> 3
    let end = (range.end &+ 7) &>> 3
    var known = 0
    for block in first..<end where arrived[block &>> 6] & bit(block) != 0 { known &+= 1 }
    guard known == 0 else { return known == end &- first ? .duplicate : .contradiction }
    codepoints |= 1 &<< (range.congestionCodepoint & 3)
    guard codepoints & Self.markAndNotCapable != Self.markAndNotCapable else {
      return .misplacedMark
    }
    for block in first..<end { arrived[block &>> 6] |= bit(block) }
    if range.isLast { total = range.end }
    farthest = max(farthest, range.end)
    byteCount &+= range.byteCount
    return byteCount == total ? .complete(byteCount: byteCount) : .incomplete
  }

  /// CE, and Not-ECT.
  private static var markAndNotCapable: UInt8 { 1 << 3 | 1 << 0 }

  /// The codepoint of the whole packet: CE if any fragment had it, so that no mark is lost, and what all
  /// had if it was the same (RFC 3168, section 5.3). The RFC leaves the other mixtures open; they are
  /// made Not-ECT, which promises nothing.
  var congestionCodepoint: UInt8 {
    if codepoints & 1 << 3 != 0 { return 3 }
    return codepoints.nonzeroBitCount == 1 ? UInt8(codepoints.trailingZeroBitCount) : 0
  }

  private func bit(_ block: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: block & 63) }
}
