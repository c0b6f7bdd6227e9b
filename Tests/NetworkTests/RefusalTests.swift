import Packets
import Testing
import Wire

@testable import Network

/// ICMP errors we send: RFC 1122, sections 3.2.2 and 3.2.2.1.
@Suite struct RefusalTests {
  static func unreachable(_ code: UInt8, quoting packet: [UInt8]) -> [UInt8] {
    let message = Frames.icmp(3, code, [0, 0, 0, 0] + packet)
    return Frames.ethernet(
      0x0800, Frames.ipv4(1, message, to: Bench.peer, from: Bench.address),
      to: Bench.peerHardware, from: Bench.hardware)
  }

  @Test(arguments: [0, 1, 100, 520]) func aClosedPortIsReportedWithTheWholePacket(count: Int) {
    var bench = Bench()
    let packet = Frames.ipv4(17, Frames.udp([UInt8](repeating: 3, count: count)))
    bench.receive(Frames.packet(packet))
    let sent = bench.sent()
    #expect(sent == [Self.unreachable(3, quoting: packet)])
    let closed = bench.stack.counters[.udpPortClosed]
    #expect(closed == 1)
  }

  @Test(arguments: [521, 1000, 1472]) func aLongPacketIsQuotedUpTo576BytesInAll(count: Int) {
    var bench = Bench()
    let packet = Frames.ipv4(17, Frames.udp([UInt8](repeating: 3, count: count)))
    bench.receive(Frames.packet(packet))
    let sent = bench.sent()
    #expect(sent == [Self.unreachable(3, quoting: Array(packet.prefix(548)))])
  }

  @Test func anUnknownProtocolIsReported() {
    var bench = Bench()
    let packet = Frames.ipv4(132, [1, 2, 3, 4, 5, 6, 7, 8])
    bench.receive(Frames.packet(packet))
    let sent = bench.sent()
    #expect(sent == [Self.unreachable(2, quoting: packet)])
    let count = bench.stack.counters[.ipv4Protocol]
    #expect(count == 1)
  }

  @Test(arguments: [
    Frames.packet(Frames.ipv4(17, Frames.udp([1], destination: .broadcast), to: .broadcast)),
    Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp([1])), to: .broadcast),
    Frames.packet(Frames.ipv4(132, [1, 2, 3, 4, 5, 6, 7, 8], to: IPv4Address(10, 0, 0, 255))),
    Frames.packet(Frames.ipv4(17, Frames.udp([1]), fragment: 0x0001)),
    Frames.packet(Frames.ipv4(1, Frames.icmp(3, 3, [0, 0, 0, 0]))),
  ])
  func nothingIsReportedToGroupsAboutFragmentsOrAboutErrors(frame: [UInt8]) {
    var bench = Bench()
    bench.receive(frame)
    bench.cycle(after: .seconds(30))
    let (sent, free) = (bench.sent(), bench.pool.freeCount)
    #expect(sent.isEmpty)
    #expect(free == Bench.bufferCount)
  }

  @Test func errorsAreLimitedInRateAndTheSuppressedOnesCounted() {
    var bench = Bench()
    let frame = Frames.packet(Frames.ipv4(17, Frames.udp([1])))
    for _ in 0..<1000 {
      bench.receive(frame)
      bench.device.reclaim(&bench.pool)
    }
    let first = bench.sent().count
    #expect(first == 50)
    bench.cycle(after: .milliseconds(10))
    for _ in 0..<1000 {
      bench.receive(frame)
      bench.device.reclaim(&bench.pool)
    }
    let second = bench.sent().count
    #expect(second == 10)
    let suppressed = bench.stack.output.counters.suppressedErrors
    #expect(suppressed == 1940)
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func anErrorAboutOurPacketIsCounted() {
    var bench = Bench()
    let ours = Frames.ipv4(
      6, Frames.tcp(source: Bench.address, destination: Bench.peer), to: Bench.peer,
      from: Bench.address)
    for code in [0, 1, 3, 4] as [UInt8] {
      bench.receive(
        Frames.packet(Frames.ipv4(1, Frames.icmp(3, code, [0, 0, 0, 68] + ours.prefix(28)))))
    }
    let (count, dropped) = (bench.stack.counters.receivedErrors, bench.stack.counters.dropped)
    #expect(count == 4)
    #expect(dropped == 0)
    let (sent, free) = (bench.sent(), bench.pool.freeCount)
    #expect(sent.isEmpty)
    #expect(free == Bench.bufferCount)
  }

  /// Source quench says nothing (RFC 6633); what the others say is checked by TCP.
  @Test func onlyErrorsThatMeanSomethingReachTCP() {
    var bench = Bench()
    let ours = Frames.ipv4(
      6, Frames.tcp(source: Bench.address, destination: Bench.peer), to: Bench.peer,
      from: Bench.address)
    for (type, code, expected) in [
      (4, 0, 0), (3, 1, 1), (3, 3, 2), (3, 4, 3), (11, 0, 4), (12, 0, 5),
    ] as [(UInt8, UInt8, UInt64)] {
      bench.receive(
        Frames.packet(Frames.ipv4(1, Frames.icmp(type, code, [0, 0, 2, 88] + ours.prefix(28)))))
      // There is no such connection.
      let count = bench.stack.tcp.counters.droppedPathErrors
      #expect(count == expected)
    }
  }
}
