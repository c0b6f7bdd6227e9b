import Packets
import Testing
import Wire

@testable import Network

/// RFC 791, section 3.2; RFC 1122, section 3.3.2; RFC 1858.
@Suite struct ReassemblyTests {
  /// Bytes `range` of a packet's payload, as a fragment.
  static func fragment(
    _ payload: [UInt8], _ range: Range<Int>, isLast: Bool? = nil, identification: UInt16 = 1,
    protocolNumber: UInt8 = 17, codepoint: UInt8 = 0
  ) -> [UInt8] {
    let more: UInt16 = (isLast ?? (range.upperBound == payload.count)) ? 0 : 0x2000
    return Frames.packet(
      Frames.ipv4(
        protocolNumber, Array(payload[range]), fragment: more | UInt16(range.lowerBound / 8),
        identification: identification, traffic: codepoint))
  }

  static func delivered(_ bench: inout Bench) -> [[UInt8]] {
    bench.cycle()
    let payloads = bench.events.datagrams.map { bench.bytes(of: $0) }
    bench.returnAllDatagrams()
    return payloads
  }

  static func bench() -> Bench {
    var bench = Bench()
    _ = bench.stack.bind(7)
    return bench
  }

  @Test(arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]])
  func fragmentsAreJoinedInAnyOrder(order: [Int]) {
    var bench = Self.bench()
    let payload = DatagramTests.payload(2020)
    let datagram = Frames.udp(payload)
    let cuts = [0, 8, 1480, 2000, 2028]
    for index in order { bench.receive(Self.fragment(datagram, cuts[index]..<cuts[index + 1])) }
    let delivered = Self.delivered(&bench)
    #expect(delivered == [payload])
    let (free, dropped) = (bench.pool.freeCount, bench.stack.counters.dropped)
    #expect(free == Bench.bufferCount)
    #expect(dropped == 0)
  }

  @Test func setsThatDifferInAnyPartOfTheirKeyAreNotMixed() {
    var bench = Self.bench()
    let first = Frames.udp(DatagramTests.payload(40))
    let second = Frames.udp([UInt8](repeating: 9, count: 40))
    bench.receive(Self.fragment(first, 0..<24))
    bench.receive(Self.fragment(second, 24..<48, identification: 2))
    bench.receive(Self.fragment(first, 24..<48, protocolNumber: 132))
    let none = Self.delivered(&bench)
    #expect(none.isEmpty)
    bench.receive(Self.fragment(second, 0..<24, identification: 2))
    bench.receive(Self.fragment(first, 24..<48))
    let both = Self.delivered(&bench)
    #expect(both == [[UInt8](repeating: 9, count: 40), DatagramTests.payload(40)])
  }

  @Test func aReassembledPingIsAnsweredAndAReassembledClosedPortRefused() {
    var bench = Self.bench()
    let ping = Frames.icmp(8, 0, [0x12, 0x34, 0, 1] + DatagramTests.payload(92))
    bench.receive(Self.fragment(ping, 0..<48, protocolNumber: 1))
    bench.receive(Self.fragment(ping, 48..<100, protocolNumber: 1))
    let reply = bench.sent()
    #expect(reply == [Frames.echoReply(payload: DatagramTests.payload(92))])
    let datagram = Frames.udp(DatagramTests.payload(40), to: 9)
    bench.receive(Self.fragment(datagram, 0..<24))
    bench.receive(Self.fragment(datagram, 24..<48))
    let refusal = bench.sent()
    #expect(refusal == [RefusalTests.unreachable(3, quoting: Frames.ipv4(17, datagram))])
    bench.cycle()
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func aPingTooLongToAnswerInOnePieceIsCounted() {
    var bench = Self.bench()
    let ping = Frames.icmp(8, 0, DatagramTests.payload(1996))
    bench.receive(Self.fragment(ping, 0..<1000, protocolNumber: 1))
    bench.receive(Self.fragment(ping, 1000..<2000, protocolNumber: 1))
    let (sent, count) = (bench.sent(), bench.stack.counters[.icmpTooLong])
    #expect(sent.isEmpty)
    #expect(count == 1)
  }

  @Test func damageToTheWholeIsNoticedEvenWhenTheDeviceVouchesForFragments() {
    var bench = Self.bench()
    bench.device.isChecksumVerified = true
    var datagram = Frames.udp(DatagramTests.payload(40))
    datagram[30] ^= 1
    bench.receive(Self.fragment(datagram, 0..<24))
    bench.receive(Self.fragment(datagram, 24..<48))
    let count = bench.stack.counters[.udpChecksum]
    #expect(count == 1)
  }

  static let long = [UInt8](repeating: 5, count: 65_536)
  static let hostile: [HostileFrame] = [
    HostileFrame("no payload", .fragmentMalformed, fragment(long, 0..<0)),
    HostileFrame("no payload at the end", .fragmentMalformed, fragment(long, 8..<8, isLast: true)),
    HostileFrame("seven bytes before the end", .fragmentMalformed, fragment(long, 24..<31)),
    HostileFrame(
      "ping of death", .fragmentTooLong,
      fragment(long, 65_528..<65_536, isLast: true, protocolNumber: 1)),
    HostileFrame("one byte too many", .fragmentTooLong, fragment(long, 2024..<2029, isLast: true)),
    HostileFrame(
      "first half of a TCP header", .fragmentTiny, fragment(long, 0..<8, protocolNumber: 6)),
    HostileFrame("flags rewritten", .fragmentTiny, fragment(long, 8..<800, protocolNumber: 6)),
    HostileFrame(
      "broadcast", .ipv4Fragment,
      Frames.packet(
        Frames.ipv4(17, [UInt8](repeating: 1, count: 8), to: .broadcast, fragment: 0x2000))),
  ]

  @Test(arguments: hostile) func aHostileFragmentIsDroppedAtOnce(frame: HostileFrame) {
    var bench = Self.bench()
    bench.receive(frame.bytes)
    let (count, total) = (bench.stack.counters[frame.reason], bench.stack.counters.dropped)
    #expect(count == 1 && total == 1)
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test(arguments: [
    [16..<32, 24..<40], [24..<40, 16..<32], [0..<64, 32..<72], [32..<40, 0..<64],
    [8..<16, 8..<24],
  ])
  func anOverlapEndsTheSet(ranges: [Range<Int>]) {
    var bench = Self.bench()
    for range in ranges { bench.receive(Self.fragment(Self.long, range)) }
    let (count, free) = (bench.stack.counters[.fragmentOverlap], bench.pool.freeCount)
    #expect(count == 1)
    #expect(free == Bench.bufferCount)
  }

  @Test(arguments: [
    [(24..<48, true), (48..<56, false)], [(24..<48, true), (56..<64, true)],
    [(48..<56, false), (24..<48, true)], [(24..<48, true), (8..<16, true)],
  ])
  func endsThatContradictEachOtherEndTheSet(fragments: [(Range<Int>, Bool)]) {
    var bench = Self.bench()
    for (range, isLast) in fragments {
      bench.receive(Self.fragment(Self.long, range, isLast: isLast))
    }
    let (count, free) = (bench.stack.counters[.fragmentOverlap], bench.pool.freeCount)
    #expect(count == 1)
    #expect(free == Bench.bufferCount)
  }

  @Test func aDuplicateChangesNothingEvenWithOtherBytes() {
    var bench = Self.bench()
    let datagram = Frames.udp(DatagramTests.payload(40))
    bench.receive(Self.fragment(datagram, 0..<24))
    bench.receive(Self.fragment(datagram, 0..<24))
    bench.receive(Self.fragment(Self.long, 8..<16))
    bench.receive(Self.fragment(datagram, 24..<48))
    let delivered = Self.delivered(&bench)
    #expect(delivered == [DatagramTests.payload(40)])
    let count = bench.stack.counters[.fragmentDuplicate]
    #expect(count == 2)
  }

  /// What fragments with ECN codepoints become (0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE).
  struct Marks: CustomTestStringConvertible, Sendable {
    var fragments: [UInt8]
    /// Nil when the packet must not be put together.
    var whole: UInt8?
    var testDescription: String { "\(fragments) -> \(whole.map(String.init) ?? "dropped")" }
  }

  /// RFC 3168, section 5.3: a mark is neither lost, nor given to who does not understand it, and what all
  /// fragments have in common stays.
  static let marks: [Marks] =
    (0...3 as ClosedRange<UInt8>).map { Marks(fragments: [$0, $0, $0], whole: $0) } + [
      Marks(fragments: [3, 2, 2], whole: 3), Marks(fragments: [2, 3, 2], whole: 3),
      Marks(fragments: [2, 2, 3], whole: 3), Marks(fragments: [1, 3, 1], whole: 3),
      Marks(fragments: [1, 3, 2], whole: 3), Marks(fragments: [3, 3, 2], whole: 3),
      Marks(fragments: [3, 0, 0], whole: nil), Marks(fragments: [0, 0, 3], whole: nil),
      Marks(fragments: [2, 0, 3], whole: nil), Marks(fragments: [0, 3, 3], whole: nil),
      Marks(fragments: [0, 2, 2], whole: 0), Marks(fragments: [1, 2, 2], whole: 0),
    ]

  @Test(arguments: marks) func congestionMarksSurviveReassembly(marks: Marks) {
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
      var bench = Self.bench()
      let datagram = Frames.udp(DatagramTests.payload(40))
      let cuts = [0, 16, 32, 48]
      for index in order {
        bench.receive(
          Self.fragment(
            datagram, cuts[index]..<cuts[index + 1], codepoint: marks.fragments[index]))
      }
      bench.cycle()
      // The whole packet begins with its buffer.
      let codepoints = bench.events.datagrams.map {
        bench.pool.bytes(of: $0.buffer).unsafeLoad(fromByteOffset: 1, as: UInt8.self) & 3
      }
      #expect(codepoints == (marks.whole.map { [$0] } ?? []))
      bench.returnAllDatagrams()
      let (free, dropped) = (bench.pool.freeCount, bench.stack.counters[.fragmentMark])
      #expect(dropped >= 1 || marks.whole != nil)
      // A fragment behind the one that ended the set begins another.
      #expect(free >= Bench.bufferCount - 1)
    }
  }

  /// A mark on one fragment of a segment is echoed to its sender.
  @Test func aMarkOnAFragmentOfASegmentIsEchoed() throws {
    var bench = Bench()
    bench.introducePeer()
    _ = bench.stack.tcp.listen(port: 80)
    var peer = NetworkStackTests.Peer()
    bench.receive(peer.segment(0xC2))  // SYN, ECE, CWR
    bench.cycle()
    let handshake = try #require(bench.sent().first)
    #expect(NetworkStackTests.flags(handshake) == 0x52)
    peer.sequence += 1
    peer.acknowledgment = NetworkStackTests.sequence(handshake) &+ 1
    let segment = Array(peer.segment(0x18, DatagramTests.payload(40))[34...])
    bench.receive(Self.fragment(segment, 0..<32, protocolNumber: 6, codepoint: 3))
    bench.receive(Self.fragment(segment, 32..<60, protocolNumber: 6, codepoint: 2))
    bench.cycle(after: .milliseconds(10))
    bench.cycle()
    let flags = bench.sent().map(NetworkStackTests.flags)
    #expect(flags == [0x50])  // ACK, ECE
    let marks = bench.stack.tcp.counters.congestionMarks
    #expect(marks == 1)
  }

  @Test func anIncompleteSetEndsAfterThirtySeconds() {
    var bench = Self.bench()
    bench.receive(Self.fragment(Self.long, 0..<800))
    bench.cycle(after: .seconds(29))
    let held = bench.pool.freeCount
    bench.cycle(after: .seconds(1))
    let (free, count) = (bench.pool.freeCount, bench.stack.counters[.fragmentExpired])
    #expect(held == Bench.bufferCount - 1)
    #expect(free == Bench.bufferCount)
    #expect(count == 1)
  }

  @Test func tenThousandIncompleteSetsHoldSixteenBuffersAndDoNotStopAnHonestOne() {
    var bench = Self.bench()
    for identification in 10..<10_010 as Range<UInt16> {
      bench.receive(Self.fragment(Self.long, 0..<800, identification: identification))
      bench.now = bench.now + .microseconds(1)
    }
    let (free, displaced) = (bench.pool.freeCount, bench.stack.counters[.fragmentDisplaced])
    #expect(free == Bench.bufferCount - 16)
    #expect(displaced == 10_000 - 16)
    let datagram = Frames.udp(DatagramTests.payload(40))
    bench.receive(Self.fragment(datagram, 0..<24))
    bench.receive(Self.fragment(datagram, 24..<48))
    let delivered = Self.delivered(&bench)
    #expect(delivered == [DatagramTests.payload(40)])
    let answersPing = bench.answersPing()
    #expect(answersPing)
  }

  @Test func anExhaustedPoolCostsTheFragmentOnly() {
    var bench = Self.bench()
    var held: [UInt32] = []
    while bench.pool.freeCount > 1, let buffer = bench.pool.allocate() {
      held.append(buffer.relinquish())
    }
    bench.receive(Self.fragment(Self.long, 0..<800))
    let count = bench.stack.counters[.ipv4Fragment]
    #expect(count == 1)
    for index in held { bench.pool.release(PacketBuffer(adopting: index)) }
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func packetsCutAtRandomAndShuffledArriveWhole(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var bench = Self.bench()
    var expected: Set<[UInt8]> = []
    var frames: [[UInt8]] = []
    for identification in 0..<12 as Range<UInt16> {
      let payload = (0..<Int.random(in: 16...2020, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      expected.insert(payload)
      let datagram = Frames.udp(payload)
      var start = 0
      while start < datagram.count {
        let end = min(datagram.count, start + 8 * Int.random(in: 1...100, using: &random))
        frames.append(Self.fragment(datagram, start..<end, identification: identification))
        start = end
      }
    }
    for frame in frames.shuffled(using: &random) { bench.receive(frame) }
    let delivered = Self.delivered(&bench)
    #expect(Set(delivered) == expected)
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }
}
