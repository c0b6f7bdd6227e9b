import Packets
import Wire

/// Puts fragmented IPv4 packets together (RFC 791; RFC 1122, section 3.3.2), strictly bounded.
///
/// A packet is put together in one pool buffer and is from then on like any other, which limits it
/// to `longestPacket`: more than the 576 bytes that RFC 1122 requires, and than a link's MTU.
/// No ICMP time exceeded is sent for a set that was not completed, which is a SHOULD there: it
/// would tell strangers how many sets there are.
struct Reassembler: ~Copyable {
  /// RFC 1122 asks for 60 to 120 s; that long, few strangers could hold all sets.
  static var lifetime: Interval { .seconds(30) }
  static var setCount: Int { 16 }
  /// EMTU_R of RFC 1122, in bytes.
  static var longestPacket: Int { FragmentSet.payloadLimit + IPv4Header.byteCount }

  enum Outcome {
    case kept
    /// The whole payload lies in this buffer, behind the room for a header.
    case complete(buffer: UInt32, payloadByteCount: Int, congestionCodepoint: UInt8)
    case dropped(DropReason)
  }

  private var sets: Table<FragmentSet>
  /// Sets in use: nothing is looked at while there is none.
  private(set) var usedCount = 0

  /// Nil when the arena is too small.
  init?(arena: inout Arena) {
    guard let sets = arena.carve(count: Self.setCount, repeating: FragmentSet()) else {
      return nil
    }
    self.sets = sets
  }

  /// Takes a copy of the payload of `packet`, a fragment that lies in `source`.
  mutating func add(
    _ packet: ReceivedPacket, in source: UInt32, now: Instant, pool: inout PacketPool,
    counters: inout NetworkCounters
  ) -> Outcome {
    guard !packet.isBroadcast, let (key, range) = Self.parse(packet, pool.bytes(of: source)) else {
      return .dropped(.ipv4Fragment)
    }
    if let reason = Self.refusal(of: range, protocolNumber: key.protocolNumber) {
      return .dropped(reason)
    }
    guard let index = find(key) ?? claim(for: key, now: now, pool: &pool, counters: &counters)
    else { return .dropped(.ipv4Fragment) }
    let buffer = sets[index].buffer
    switch sets[index].add(range) {
    case .incomplete:
      pool.copyPayload(of: packet, in: source, to: buffer, at: IPv4Header.byteCount + range.offset)
      return .kept
    case .complete(let byteCount):
      pool.copyPayload(of: packet, in: source, to: buffer, at: IPv4Header.byteCount + range.offset)
      let codepoint = sets[index].congestionCodepoint
      pool.writeHeader(
        of: packet, payloadByteCount: byteCount, congestionCodepoint: codepoint, to: buffer)
      sets[index].buffer = PacketPool.none
      usedCount &-= 1
      return .complete(
        buffer: buffer, payloadByteCount: byteCount, congestionCodepoint: codepoint)
    case .duplicate: return .dropped(.fragmentDuplicate)
    case .contradiction:
      giveUp(index, pool: &pool)
      return .dropped(.fragmentOverlap)
    case .misplacedMark:
      giveUp(index, pool: &pool)
      return .dropped(.fragmentMark)
    }
  }

  private static func parse(
    _ packet: ReceivedPacket, _ bytes: RawSpan
  ) -> (FragmentKey, FragmentRange)? {
    do {
      let header = try IPv4Header(parsing: bytes, at: packet.offset)
      let key = FragmentKey(
        source: header.source, destination: header.destination,
        identification: header.identification, protocolNumber: header.protocolNumber)
      let range = FragmentRange(
        offset: header.fragmentOffset, byteCount: header.payloadByteCount,
        isLast: !header.hasMoreFragments, congestionCodepoint: header.congestionCodepoint)
      return (key, range)
    } catch {
      return nil
    }
  }

  /// What is wrong with a fragment, whatever others say.
  private static func refusal(
    of range: FragmentRange, protocolNumber: IPv4Protocol
  ) -> DropReason? {
    guard range.byteCount > 0, range.isLast || range.byteCount & 7 == 0 else {
      return .fragmentMalformed
    }
    guard range.end <= FragmentSet.payloadLimit else { return .fragmentTooLong }
    // RFC 1858, section 3: filters must find ports and flags in the first fragment.
    let headerByteCount = protocolNumber == .tcp ? TCPHeader.minimumByteCount : 8
    if range.offset == 0 ? range.byteCount < headerByteCount : range.offset < headerByteCount {
      return .fragmentTiny
    }
    return nil
  }

  private func find(_ key: FragmentKey) -> Int? {
    guard usedCount > 0 else { return nil }
    for index in 0..<sets.count
    where sets[index].buffer != PacketPool.none && sets[index].key == key {
      return index
    }
    return nil
  }

  /// An empty set, at the cost of the oldest when all are in use: honest fragments follow each
  /// other closely. Nil when the pool is exhausted.
  private mutating func claim(
    for key: FragmentKey, now: Instant, pool: inout PacketPool, counters: inout NetworkCounters
  ) -> Int? {
    var choice = 0
    for index in 0..<sets.count {
      if sets[index].buffer == PacketPool.none {
        choice = index
        break
      }
      if sets[index].deadline < sets[choice].deadline { choice = index }
    }
    if sets[choice].buffer != PacketPool.none {
      counters.count(.fragmentDisplaced)
      giveUp(choice, pool: &pool)
    }
    guard let buffer = pool.allocate() else { return nil }
    sets[choice] = FragmentSet(
      key: key, buffer: buffer.relinquish(), deadline: now + Self.lifetime)
    usedCount &+= 1
    return choice
  }

  private mutating func giveUp(_ index: Int, pool: inout PacketPool) {
    pool.release(PacketBuffer(adopting: sets[index].buffer))
    sets[index].buffer = PacketPool.none
    usedCount &-= 1
  }

  /// Gives up sets that are too old.
  mutating func expire(now: Instant, pool: inout PacketPool, counters: inout NetworkCounters) {
    guard usedCount > 0 else { return }
    for index in 0..<sets.count
    where sets[index].buffer != PacketPool.none && sets[index].deadline <= now {
      counters.count(.fragmentExpired)
      giveUp(index, pool: &pool)
    }
  }
}
