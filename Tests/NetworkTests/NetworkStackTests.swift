import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// Frame to event and back, with the real endpoint.
@Suite struct NetworkStackTests {
  struct Peer {
    var sequence: UInt32 = 1000
    var acknowledgment: UInt32 = 0

    func segment(_ flags: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
      var segment = Frames.bigEndian(4000 as UInt16) + Frames.bigEndian(80 as UInt16)
      segment += Frames.bigEndian(sequence) + Frames.bigEndian(acknowledgment)
      segment += [0x50, flags] + Frames.bigEndian(65_535 as UInt16) + [0, 0, 0, 0] + payload
      let pseudo = Frames.pseudoHeader(6, segment.count, from: Bench.peer, to: Bench.address)
      segment.replaceSubrange(16..<18, with: Frames.bigEndian(Frames.checksum(pseudo + segment)))
      return Frames.packet(Frames.ipv4(6, segment))
    }
  }

  static func flags(_ frame: [UInt8]) -> UInt8 { frame[47] }
  static func sequence(_ frame: [UInt8]) -> UInt32 {
    frame[38..<42].reduce(0) { $0 << 8 | UInt32($1) }
  }
  /// Network and transport checksums, and the link addresses.
  static func isSound(_ frame: [UInt8]) -> Bool {
    let segment = Array(frame[34...])
    let pseudo = Frames.pseudoHeader(6, segment.count, from: Bench.address, to: Bench.peer)
    return Frames.checksum(Array(frame[14..<34])) == 0 && Frames.checksum(pseudo + segment) == 0
      && Array(frame[..<12]) == Frames.bytes(Bench.peerHardware) + Frames.bytes(Bench.hardware)
  }

  @Test func aConnectionIsOpenedEchoedOnAndReset() throws {
    var bench = Bench()
    bench.introducePeer()
    let listening = bench.stack.tcp.listen(port: 80)
    #expect(listening == .ok)
    var peer = Peer()
    bench.receive(peer.segment(0x02))
    bench.cycle()
    let handshake = bench.sent()
    #expect(handshake.map(Self.flags) == [0x12])
    #expect(handshake.allSatisfy(Self.isSound))
    peer.sequence += 1
    peer.acknowledgment = Self.sequence(handshake[0]) &+ 1
    bench.receive(peer.segment(0x18, [1, 2, 3]))
    bench.cycle()
    let knock = bench.events.knocks.first
    let handle = try #require(knock)
    let accepted = bench.stack.tcp.accept(handle, cookie: 5)
    bench.cycle()
    let received = bench.events.received
    #expect(accepted == .ok)
    #expect(received.map(\.byteCount) == [3])
    let start = bench.pool.address(of: received[0].buffer) + received[0].offset
    let outcome = bench.stack.tcp.send(
      handle, Fragment(address: start, byteCount: 3), pool: &bench.pool)
    bench.cycle()
    let echo = bench.sent().filter { $0.count > 54 }
    #expect(outcome == .taken(3))
    #expect(echo.map { Array($0.suffix(3)) } == [[1, 2, 3]])
    #expect(echo.allSatisfy(Self.isSound))
    let returned = bench.stack.tcp.receiveDone(
      handle, buffer: received[0].buffer, byteCount: 3, pool: &bench.pool)
    #expect(returned == .ok)
    peer.sequence += 3
    bench.receive(peer.segment(0x14))
    bench.cycle()
    bench.cycle()
    let (free, open) = (bench.pool.freeCount, bench.stack.tcp.openConnectionCount)
    #expect(free == Bench.bufferCount)
    #expect(open == 0)
  }

  @Test func aSegmentForAClosedPortIsAnsweredByAReset() {
    var bench = Bench()
    bench.introducePeer()
    bench.receive(Peer().segment(0x02))
    bench.cycle()
    let sent = bench.sent()
    #expect(sent.map(Self.flags) == [0x14])
    #expect(sent.allSatisfy(Self.isSound))
  }

  /// RFC 5227: a probe and two announcements, two seconds apart; then silence.
  @Test func everyStackProbesForItsAddressAndAnnouncesItTwice() {
    var bench = Bench()
    bench.stack.claimAddress(now: bench.now, device: &bench.device, pool: &bench.pool)
    var probe = NeighbourTests.ask(Bench.address)
    probe.replaceSubrange(28..<32, with: [0, 0, 0, 0])
    let announcement = NeighbourTests.ask(Bench.address)
    var sent = bench.sent()
    #expect(sent == [probe, announcement])
    bench.cycle(after: .milliseconds(1_999))
    sent = bench.sent()
    #expect(sent.isEmpty)
    bench.cycle(after: .milliseconds(1))
    bench.cycle(after: .seconds(100))
    sent = bench.sent()
    #expect(sent == [announcement])
  }

  /// Whoever answers the probe is a conflict, and told so.
  @Test func whoAnswersOurProbeIsAConflict() {
    var bench = Bench()
    bench.stack.claimAddress(now: bench.now, device: &bench.device, pool: &bench.pool)
    _ = bench.sent()
    bench.receive(Frames.arp(2, from: Bench.address, at: Bench.peerHardware, for: .any))
    let (conflicts, sent) = (bench.stack.counters[.arpConflict], bench.sent())
    #expect(conflicts == 1)
    #expect(sent == [NeighbourTests.ask(Bench.address)])
  }

  @Test func withoutAnAddressNothingIsAnsweredOrSent() {
    var bench = Bench(address: .any, prefixLength: 32)
    bench.stack.claimAddress(now: bench.now, device: &bench.device, pool: &bench.pool)
    bench.receive(Frames.arp(1, from: .any, at: Bench.peerHardware, for: .any, to: .broadcast))
    bench.receive(Frames.arp(1, from: Bench.peer, at: Bench.peerHardware))
    let message = Frames.icmp(8, 0, [0, 0, 0, 0])
    bench.receive(Frames.packet(Frames.ipv4(1, message, to: .any)))
    bench.receive(Frames.packet(Frames.ipv4(1, message)))
    let outcome = bench.transmitSegment()
    bench.cycle()
    let (sent, free) = (bench.sent(), bench.pool.freeCount)
    #expect(outcome == "unreachable")
    #expect(sent.isEmpty)
    #expect(free == Bench.bufferCount)
  }

  @Test func aHostileFrameDoesNotDisturbAnEstablishedConnection() throws {
    var bench = Bench()
    bench.introducePeer()
    _ = bench.stack.tcp.listen(port: 80)
    var peer = Peer()
    bench.receive(peer.segment(0x02))
    bench.cycle()
    peer.sequence += 1
    peer.acknowledgment = Self.sequence(bench.sent()[0]) &+ 1
    bench.receive(peer.segment(0x10))
    bench.cycle()
    let knock = bench.events.knocks.first
    _ = bench.stack.tcp.accept(try #require(knock), cookie: 5)
    let frames = [
      DropTests.ethernet, DropTests.arp, DropTests.ipv4, DropTests.icmp, DropTests.tcp,
      DropTests.udp, ReassemblyTests.hostile,
    ]
    for (index, frame) in frames.joined().enumerated() {
      bench.receive(frame.bytes)
      bench.receive(peer.segment(0x18, [UInt8(truncatingIfNeeded: index)]))
      bench.cycle()
      peer.sequence &+= 1
      let event = bench.events.received.last
      let (buffer, offset, _) = try #require(event)
      let byte = bench.pool.bytes(of: buffer).octet(at: offset)
      #expect(byte == UInt8(truncatingIfNeeded: index), "after \(frame.testDescription)")
      let handle = bench.events.knocks[0]
      _ = bench.stack.tcp.receiveDone(handle, buffer: buffer, byteCount: 1, pool: &bench.pool)
      bench.cycle(after: .milliseconds(1))
    }
    let (received, free) = (bench.events.received.count, bench.pool.freeCount)
    #expect(received == frames.joined().count)
    #expect(free == Bench.bufferCount)
  }
}
