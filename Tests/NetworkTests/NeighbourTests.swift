import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// ARP as others see it: RFC 826, RFC 1122 section 2.3.2, RFC 5227.
@Suite struct NeighbourTests {
  static func ask(_ address: IPv4Address, to hardware: MACAddress = .broadcast) -> [UInt8] {
    Frames.arp(1, from: Bench.address, at: Bench.hardware, for: address, to: hardware)
  }
  static func reply(
    _ address: IPv4Address = Bench.peer, at hardware: MACAddress = Bench.peerHardware
  ) -> [UInt8] {
    Frames.arp(2, from: address, at: hardware, targetHardware: Bench.hardware)
  }

  @Test func aRequestForOurAddressIsAnsweredAndTeachesUsTheSender() {
    var bench = Bench()
    let request = Frames.arp(1, from: Bench.peer, at: Bench.peerHardware, to: .broadcast)
    bench.receive(request + [UInt8](repeating: 0, count: 18))
    let sent = bench.sent()
    let reply = Frames.arp(
      2, from: Bench.address, at: Bench.hardware, for: Bench.peer,
      targetHardware: Bench.peerHardware, to: Bench.peerHardware)
    #expect(sent == [reply])
    let outcome = bench.transmitSegment()
    #expect(outcome == "queued")
  }

  @Test func aProbeForOurAddressIsAnsweredAndTeachesNothing() {
    var bench = Bench()
    bench.receive(Frames.arp(1, from: .any, at: Bench.peerHardware, to: .broadcast))
    let sent = bench.sent()
    let reply = Frames.arp(
      2, from: Bench.address, at: Bench.hardware, for: .any, targetHardware: Bench.peerHardware,
      to: Bench.peerHardware)
    #expect(sent == [reply])
    let learned = bench.stack.counters.receivedNeighbours
    #expect(learned == 0)
  }

  @Test func anUnknownNeighbourIsAskedForOncePerSecondThreeTimesAndThenLeftAlone() {
    var bench = Bench()
    var requests: [Int] = []
    var outcomes: [String] = []
    for tenth in 0..<150 {
      let outcome = bench.transmitSegment()
      if outcomes.last != outcome { outcomes.append(outcome) }
      let sent = bench.sent()
      for frame in sent { #expect(frame == Self.ask(Bench.peer)) }
      if !sent.isEmpty { requests.append(tenth) }
      bench.now = bench.now + .milliseconds(100)
    }
    #expect(requests == [0, 10, 20, 80, 90, 100])
    #expect(outcomes == ["neighbourUnknown", "unreachable", "neighbourUnknown", "unreachable"])
  }

  @Test func anAnswerMakesTheNeighbourReachable() {
    var bench = Bench()
    let before = bench.transmitSegment()
    bench.receive(Self.reply())
    _ = bench.sent()
    let after = bench.transmitSegment()
    #expect([before, after] == ["neighbourUnknown", "queued"])
    let frame = bench.sent()[0]
    #expect(Array(frame.prefix(6)) == Frames.bytes(Bench.peerHardware))
  }

  @Test func aNeighbourInUseIsAskedAgainAfterAMinuteWithoutInterruption() {
    var bench = Bench()
    bench.introducePeer()
    var requests: [[UInt8]] = []
    var outcomes: Set<String> = []
    for second in 0..<130 {
      outcomes.insert(bench.transmitSegment())
      let asked = bench.sent().filter { $0[12] == 8 && $0[13] == 6 }
      requests += asked
      if !asked.isEmpty { bench.receive(Self.reply()) }
      #expect(asked.isEmpty || second == 60 || second == 120)
      bench.now = bench.now + .seconds(1)
    }
    #expect(outcomes == ["queued"])
    #expect(
      requests == [[UInt8]](repeating: Self.ask(Bench.peer, to: Bench.peerHardware), count: 2))
  }

  @Test func aNeighbourThatWentAwayIsProbedThenAskedForThenUnreachable() {
    var bench = Bench()
    bench.introducePeer()
    var trace: [String] = []
    for _ in 0..<70 {
      let outcome = bench.transmitSegment()
      let asked = bench.sent().filter { $0[12] == 8 && $0[13] == 6 }
      trace.append(outcome + (asked.isEmpty ? "" : asked[0][0] == 0xFF ? " broadcast" : " probe"))
      bench.now = bench.now + .seconds(1)
    }
    #expect(trace[..<60].allSatisfy { $0 == "queued" })
    #expect(
      trace[60...] == [
        "queued probe", "queued probe", "queued probe", "neighbourUnknown broadcast",
        "neighbourUnknown broadcast", "neighbourUnknown broadcast", "unreachable", "unreachable",
        "unreachable", "unreachable",
      ])
  }

  @Test func aNewLinkAddressIsTakenOverUnlessTheOldOneWasConfirmedJustNow() {
    var bench = Bench()
    bench.introducePeer()
    let other = MACAddress(0x0200_0000_0099)
    let gratuitous = Frames.arp(1, from: Bench.peer, at: other, for: Bench.peer, to: .broadcast)
    bench.receive(gratuitous)
    let contradictions = bench.stack.counters[.arpContradiction]
    #expect(contradictions == 1)
    _ = bench.transmitSegment()
    let before = bench.sent()[0].prefix(6)
    bench.now = bench.now + .seconds(2)
    bench.receive(gratuitous)
    _ = bench.transmitSegment()
    let after = bench.sent()[0].prefix(6)
    #expect(Array(before) == Frames.bytes(Bench.peerHardware))
    #expect(Array(after) == Frames.bytes(other))
  }

  @Test func ourAddressIsDefendedOnceInTenSeconds() {
    var bench = Bench()
    let conflict = Frames.arp(1, from: Bench.address, at: Bench.peerHardware, to: .broadcast)
    var announcements: [Int] = []
    for second in 0..<25 {
      bench.receive(conflict)
      bench.receive(conflict)
      let sent = bench.sent()
      for frame in sent { #expect(frame == Self.ask(Bench.address)) }
      if !sent.isEmpty { announcements.append(second) }
      bench.now = bench.now + .seconds(1)
    }
    #expect(announcements == [0, 10, 20])
    let conflicts = bench.stack.counters[.arpConflict]
    #expect(conflicts == 50)
  }

  @Test(arguments: ["gratuitous", "reply", "request"])
  func aFloodOfStrangersDisplacesNeitherGatewayNorWhoWeTalkTo(kind: String) {
    var bench = Bench(prefixLength: 8)
    bench.device.transmitCapacity = 1 << 20
    bench.introducePeer()
    bench.receive(Frames.arp(1, from: Bench.gateway, at: Bench.gatewayHardware))
    _ = bench.transmitSegment()
    _ = bench.transmitSegment(to: IPv4Address(192, 0, 2, 1))
    for index in 0..<100_000 as Range<UInt32> {
      let stranger = IPv4Address(0x0A01_0000 + index)
      let mac = MACAddress(0x0600_0000_0000 + UInt64(index))
      switch kind {
      case "gratuitous": bench.receive(Frames.arp(1, from: stranger, at: mac, for: stranger))
      case "reply": bench.receive(Frames.arp(2, from: stranger, at: mac))
      default: bench.receive(Frames.arp(1, from: stranger, at: mac))
      }
      if index % 128 == 0 { _ = bench.sent() }
    }
    _ = bench.sent()
    let outcomes = [
      bench.transmitSegment(), bench.transmitSegment(to: IPv4Address(192, 0, 2, 1)),
    ]
    #expect(outcomes == ["queued", "queued"])
    let frames = bench.sent()
    #expect(
      frames.map { Array($0.prefix(6)) } == [
        Frames.bytes(Bench.peerHardware), Frames.bytes(Bench.gatewayHardware),
      ])
    let refused =
      bench.stack.counters[.arpUnsolicited] + bench.stack.counters[.arpTableFull]
      + bench.stack.counters.receivedNeighbours
    #expect(refused == 100_002)
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func lookingForManyNeighboursDoesNotBecomeAFloodOfBroadcasts() {
    var bench = Bench(prefixLength: 8)
    bench.device.transmitCapacity = 1 << 20
    bench.introducePeer()
    _ = bench.transmitSegment()
    _ = bench.sent()
    for index in 0..<10_000 as Range<UInt32> {
      let outcome = bench.transmitSegment(to: IPv4Address(0x0A01_0000 + index))
      #expect(outcome == "neighbourUnknown")
    }
    let requests = bench.sent().count
    #expect(requests == 128)
    let outcome = bench.transmitSegment()
    #expect(outcome == "queued")
  }
}

extension Bench {
  /// Sends a segment without payload to `address`; its outcome without the ticket.
  mutating func transmitSegment(to address: IPv4Address = Bench.peer) -> String {
    stack.output.now = now
    let flow = Flow(
      localAddress: Bench.address, remoteAddress: address, localPort: 80, remotePort: 4000)
    let segment = OutgoingSegment(
      flow: flow, sequence: SequenceNumber(1), acknowledgment: SequenceNumber(2), flags: .ack,
      window: 1000)
    let outcome = stack.output.transmit(
      segment, fragments: Span(), device: &device, pool: &pool)
    device.reclaim(&pool)
    switch outcome {
    case .queued: return "queued"
    case .deviceFull: return "deviceFull"
    case .neighbourUnknown: return "neighbourUnknown"
    case .unreachable: return "unreachable"
    }
  }
}
