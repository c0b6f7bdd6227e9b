import IXABI
import Packets
import TestSupport
import Testing
import Wire

@testable import Network

/// UDP both ways: RFC 768, RFC 1122 section 4.1.
@Suite struct DatagramTests {
  static func payload(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ 3) }
  }
  static func frame(_ payload: [UInt8], to port: UInt16 = 7) -> [UInt8] {
    Frames.packet(Frames.ipv4(17, Frames.udp(payload, to: port)))
  }
  /// What we send to the peer.
  static func outgoing(_ payload: [UInt8]) -> [UInt8] {
    let datagram = Frames.udp(
      payload, to: 5000, from: 7, source: Bench.address, destination: Bench.peer)
    return Frames.ethernet(
      0x0800, Frames.ipv4(17, datagram, to: Bench.peer, from: Bench.address),
      to: Bench.peerHardware, from: Bench.hardware)
  }
  static func bench() -> Bench {
    var bench = Bench()
    _ = bench.stack.bind(7)
    bench.introducePeer()
    return bench
  }

  @Test func aPortIsBoundOnce() {
    var bench = Bench()
    let statuses = [0, 7, 7, 65_535, 64, 64].map { bench.stack.bind($0) }
    #expect(statuses == [.badArgument, .ok, .portInUse, .ok, .ok, .portInUse])
  }

  @Test(arguments: [0, 1, 2, 3, 100, 1471, 1472]) func aDatagramIsDeliveredInPlace(count: Int) {
    var bench = Self.bench()
    let payload = Self.payload(count)
    bench.receive(Self.frame(payload) + (count < 20 ? [0, 0, 0] : []))
    bench.cycle()
    let datagram = bench.events.datagrams[0]
    #expect(datagram.address == Bench.peer)
    #expect(datagram.remotePort == 5000 && datagram.localPort == 7)
    let delivered = bench.bytes(of: datagram)
    #expect(delivered == payload)
    let held = bench.pool.freeCount
    #expect(held == Bench.bufferCount - 1)
    let status = bench.returnDatagram(datagram.buffer)
    #expect(status == .ok)
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func aDatagramWithoutChecksumIsDelivered() {
    var bench = Self.bench()
    var datagram = Frames.udp([1, 2, 3])
    (datagram[6], datagram[7]) = (0, 0)
    bench.receive(Frames.packet(Frames.ipv4(17, datagram)))
    bench.cycle()
    let byteCounts = bench.events.datagrams.map(\.byteCount)
    #expect(byteCounts == [3])
    bench.returnAllDatagrams()
  }

  @Test func aChecksumTheDeviceVouchesForIsNotComputed() {
    var bench = Self.bench()
    bench.device.isChecksumVerified = true
    var datagram = Frames.udp([1, 2, 3])
    datagram[6] ^= 0xFF
    bench.receive(Frames.packet(Frames.ipv4(17, datagram)))
    bench.cycle()
    let byteCounts = bench.events.datagrams.map(\.byteCount)
    #expect(byteCounts == [3])
    bench.returnAllDatagrams()
  }

  @Test func aBroadcastDatagramIsDelivered() {
    var bench = Self.bench()
    let datagram = Frames.udp([1], destination: .broadcast)
    bench.receive(
      Frames.ethernet(0x0800, Frames.ipv4(17, datagram, to: .broadcast), to: .broadcast))
    bench.cycle()
    let count = bench.events.datagrams.count
    #expect(count == 1)
    bench.returnAllDatagrams()
  }

  @Test func aBufferIsReturnedOnceAndOnlyByWhomItWasLentTo() {
    var bench = Self.bench()
    bench.receive(Self.frame([1]))
    let early = bench.returnDatagram(0)
    bench.cycle()
    let buffer = bench.events.datagrams[0].buffer
    var statuses: [Status] = []
    for index in [buffer + 1, 63, 64, .max, buffer, buffer] as [UInt32] {
      statuses.append(bench.returnDatagram(index))
    }
    #expect(early == .badArgument)
    #expect(
      statuses == [.badArgument, .badArgument, .badArgument, .badArgument, .ok, .badArgument])
  }

  @Test func anApplicationThatReturnsNothingLeavesHalfOfThePoolToOthers() {
    var bench = Self.bench()
    for _ in 0..<100 {
      bench.receive(Self.frame([1]))
      bench.cycle()
    }
    let (free, backlog) = (bench.pool.freeCount, bench.stack.counters[.udpBacklog])
    #expect(free == Bench.bufferCount / 2)
    #expect(backlog == 100 - UInt64(Bench.bufferCount) / 2)
    let answersPing = bench.answersPing()
    #expect(answersPing)
    bench.returnAllDatagrams()
  }

  @Test func whatTheEventsHaveNoRoomForIsKeptInOrder() {
    var bench = Self.bench()
    for byteCount in 1...5 { bench.receive(Self.frame(Self.payload(byteCount))) }
    bench.events.roomCount = 2
    bench.cycle()
    let first = bench.events.datagrams.map(\.byteCount)
    bench.events.roomCount = 10
    bench.cycle()
    let all = bench.events.datagrams.map(\.byteCount)
    #expect(first == [1, 2])
    #expect(all == [1, 2, 3, 4, 5])
    bench.returnAllDatagrams()
  }

  @Test(arguments: [0, 1, 2, 3, 1471, 1472]) func aDatagramIsSentWithASoftwareChecksum(count: Int) {
    var bench = Self.bench()
    let payload = Self.payload(count)
    let status = bench.send(payload, cookie: 42)
    let sent = bench.sent()
    bench.cycle()
    #expect(status == .ok)
    #expect(sent == [Self.outgoing(payload)])
    let completions = bench.events.completions
    #expect(completions == [.init(cookie: 42, status: .ok)])
  }

  @Test func aChecksumThatComesOutAsZeroIsSentAsAllOnes() {
    var bench = Self.bench()
    // The two bytes that bring the sum to 0xFFFF.
    let without = Frames.udp(
      [0, 0], to: 5000, from: 7, source: Bench.address, destination: Bench.peer)
    _ = bench.send(Array(without[6..<8]))
    let frame = bench.sent()[0]
    #expect(Array(frame[40..<42]) == [0xFF, 0xFF])
  }

  @Test func aDeviceThatCanCompletesTheChecksum() {
    var bench = Self.bench()
    bench.device.offloads.transmitChecksum = true
    _ = bench.send([1, 2, 3])
    let frame = bench.device.takeSent()[0]
    #expect(frame.request.checksumStart == 34)
    #expect(frame.request.checksumOffset == 6)
    let pseudo = ~Frames.checksum(
      Frames.pseudoHeader(17, 11, from: Bench.address, to: Bench.peer))
    #expect(Array(frame.bytes[40..<42]) == Frames.bigEndian(pseudo))
  }

  @Test func whatCannotBeSentIsRefusedAtOnce() {
    var bench = Self.bench()
    let statuses = [
      bench.send([1], from: 8), bench.send([1], port: 0), bench.send(Self.payload(1473)),
      bench.send([1], to: .broadcast), bench.send([1], to: .any),
      bench.send([1], to: Bench.address),
      bench.send([1], to: IPv4Address(127, 0, 0, 1)),
      bench.send(
        [Fragment](repeating: Fragment(address: KernelAddress(8), byteCount: 0), count: 19)),
    ]
    #expect(
      statuses == [
        .badArgument, .badArgument, .badArgument, .unreachable, .unreachable, .unreachable,
        .unreachable, .badArgument,
      ])
    bench.device.transmitCapacity = 0
    let full = bench.send([1])
    #expect(full == .noResources)
    bench.cycle()
    let (sent, completions) = (bench.sent(), bench.events.completions)
    #expect(sent.isEmpty)
    #expect(completions.isEmpty)
  }

  @Test func datagramsWaitForTheirNeighbourInOrder() {
    var bench = Self.bench()
    let stranger = IPv4Address(10, 0, 0, 50)
    var bytes: [UInt8] = [1, 2, 3]
    bytes.withUnsafeMutableBytes { bytes in
      let start = KernelAddress(of: UnsafeRawPointer(bytes.baseAddress!))
      for cookie in 1...17 as ClosedRange<UInt64> {
        let fragment = Fragment(address: start, byteCount: 1 + Int(cookie) % 3)
        let status = bench.send([fragment], to: stranger, cookie: cookie)
        #expect(status == (cookie <= 16 ? .ok : .noResources))
      }
      bench.cycle()
      let requests = bench.sent().count
      #expect(requests == 1)
      bench.receive(Frames.arp(2, from: stranger, at: Bench.peerHardware))
      bench.cycle()
    }
    let byteCounts = bench.sent().map { $0.count - 42 }
    #expect(byteCounts == (1...16).map { 1 + $0 % 3 })
    let completions = bench.events.completions
    #expect(completions == (1...16).map { .init(cookie: $0, status: .ok) })
  }

  @Test func aDatagramWhoseNeighbourDoesNotAnswerComesBackUnreachable() {
    var bench = Self.bench()
    let status = bench.send([1], to: IPv4Address(10, 0, 0, 50), cookie: 9)
    for _ in 0..<4 { bench.cycle(after: .seconds(1)) }
    let completions = bench.events.completions
    #expect(status == .ok)
    #expect(completions == [.init(cookie: 9, status: .unreachable)])
    let next = bench.send([1], to: IPv4Address(10, 0, 0, 50))
    #expect(next == .unreachable)
  }

  @Test func completionsFollowTheDeviceEvenAcrossTheWrapOfItsTickets() {
    var bench = Self.bench()
    bench.device = RecordingDevice(firstTicket: .max - 1)
    bench.device.finishesAtOnce = false
    for cookie in 1...4 as ClosedRange<UInt64> { _ = bench.send([1], cookie: cookie) }
    var seen: [Int] = []
    for _ in 0..<4 {
      bench.cycle()
      seen.append(bench.events.completions.count)
      bench.device.finish(1)
    }
    bench.cycle()
    seen.append(bench.events.completions.count)
    #expect(seen == [0, 1, 2, 3, 4])
  }

  @Test func aReceivedBufferIsSentBackInPlaceAndKeptUntilTheDeviceHasFinished() {
    var bench = Self.bench()
    bench.device.finishesAtOnce = false
    bench.receive(Self.frame(Self.payload(99)))
    bench.cycle()
    let datagram = bench.events.datagrams[0]
    let address = bench.pool.address(of: datagram.buffer) + datagram.offset
    let status = bench.send([Fragment(address: address, byteCount: 99)])
    #expect(status == .ok)
    bench.returnAllDatagrams()
    let held = bench.pool.freeCount
    #expect(held == Bench.bufferCount - 1)
    let sent = bench.sent()
    #expect(sent == [Self.outgoing(Self.payload(99))])
    bench.device.finish()
    bench.cycle()
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func aBufferNobodyHoldsOrASecondOneIsRefused() {
    var bench = Self.bench()
    bench.receive(Self.frame([1]))
    bench.receive(Self.frame([1]))
    bench.cycle()
    let buffers = bench.events.datagrams.map(\.buffer)
    let fragments = buffers.map { Fragment(address: bench.pool.address(of: $0), byteCount: 1) }
    let both = bench.send(fragments)
    let same = bench.send([fragments[0], fragments[0]])
    let start = bench.pool.address(of: buffers[0])
    let past = bench.send([Fragment(address: start + 2000, byteCount: 49)])
    bench.returnAllDatagrams()
    bench.cycle()
    let free = bench.send([fragments[0]])
    #expect([both, same, past, free] == [.badArgument, .ok, .badArgument, .badArgument])
    let freeCount = bench.pool.freeCount
    #expect(freeCount == Bench.bufferCount)
  }
}

extension Bench {
  mutating func returnAllDatagrams() {
    for datagram in events.datagrams {
      _ = returnDatagram(datagram.buffer)
    }
    events.datagrams = []
  }

  mutating func returnDatagram(_ buffer: UInt32) -> Status {
    stack.datagramReceiveDone(buffer: buffer, pool: &pool)
  }

  func bytes(of datagram: RecordedDatagrams.Datagram) -> [UInt8] {
    let bytes = pool.bytes(of: datagram.buffer)
    return (0..<datagram.byteCount).map { bytes.octet(at: datagram.offset + $0) }
  }
}
