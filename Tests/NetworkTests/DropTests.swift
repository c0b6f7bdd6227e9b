import Packets
import Testing
import Wire

@testable import Network

/// A frame that must go no further, and why.
struct HostileFrame: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var bytes: [UInt8]
  var reason: DropReason

  init(_ description: String, _ reason: DropReason, _ bytes: [UInt8]) {
    testDescription = description
    self.bytes = bytes
    self.reason = reason
  }
}

@Suite struct DropTests {
  typealias Hostile = HostileFrame
  static let us = Bench.address
  static let peer = Bench.peer
  static let mac = Bench.peerHardware

  static func changed(_ bytes: [UInt8], at offset: Int, to value: UInt8) -> [UInt8] {
    var bytes = bytes
    bytes[offset] = value
    return bytes
  }

  static let ethernet: [Hostile] =
    (0..<14).map { Hostile("\($0) bytes", .linkTruncated, [UInt8](repeating: 2, count: $0)) } + [
      Hostile("unknown type", .linkType, Frames.ethernet(0x88B5, [1, 2, 3])),
      Hostile("length instead of type", .linkType, Frames.ethernet(46, [1, 2, 3])),
      Hostile("IPv6", .linkType, Frames.ethernet(0x86DD, [0x60])),
      Hostile("tagged", .linkTagged, Frames.ethernet(0x8100, [0, 1, 8, 0] + Frames.ipv4(6, []))),
      Hostile("truncated tag", .linkTagged, Frames.ethernet(0x8100, [0])),
      Hostile("no tag at all", .linkTagged, Frames.ethernet(0x8100, [])),
      Hostile(
        "from a group", .linkSource,
        Frames.ethernet(0x0800, Frames.ipv4(6, []), from: MACAddress(0x0100_5E00_0001))),
      Hostile(
        "from everybody", .linkSource,
        Frames.ethernet(0x0800, Frames.ipv4(6, []), from: .broadcast)),
      Hostile(
        "from ourselves", .linkSource,
        Frames.ethernet(0x0800, Frames.ipv4(6, []), from: Bench.hardware)),
      Hostile(
        "for somebody else", .linkDestination,
        Frames.ethernet(0x0800, Frames.ipv4(6, []), to: MACAddress(0x0200_0000_0077))),
      Hostile(
        "for a group", .linkDestination,
        Frames.ethernet(0x0800, Frames.ipv4(6, []), to: MACAddress(0x0100_5E00_0001))),
    ]

  static let request = Frames.arp(1, from: peer, at: mac)
  static let arp: [Hostile] =
    (14..<42).map { Hostile("\($0) bytes", .arpTruncated, Array(request.prefix($0))) } + [
      Hostile("hardware type", .arpUnsupported, changed(request, at: 15, to: 6)),
      Hostile("protocol", .arpUnsupported, changed(request, at: 16, to: 0x86)),
      Hostile("hlen 0", .arpMalformed, changed(request, at: 18, to: 0)),
      Hostile("hlen 255", .arpMalformed, changed(request, at: 18, to: 255)),
      Hostile("plen 16", .arpMalformed, changed(request, at: 19, to: 16)),
      Hostile("operation 0", .arpOperation, Frames.arp(0, from: peer, at: mac)),
      Hostile("operation 3", .arpOperation, Frames.arp(3, from: peer, at: mac)),
      Hostile("operation 65535", .arpOperation, Frames.arp(65_535, from: peer, at: mac)),
      Hostile("sender is us", .arpConflict, Frames.arp(1, from: us, at: mac)),
      Hostile("reply from us", .arpConflict, Frames.arp(2, from: us, at: mac)),
      Hostile("sender broadcast", .arpSender, Frames.arp(1, from: .broadcast, at: mac)),
      Hostile(
        "sender subnet broadcast", .arpSender,
        Frames.arp(1, from: IPv4Address(10, 0, 0, 255), at: mac)),
      Hostile("sender off link", .arpSender, Frames.arp(1, from: IPv4Address(9, 9, 9, 9), at: mac)),
      Hostile(
        "sender multicast", .arpSender, Frames.arp(1, from: IPv4Address(224, 0, 0, 1), at: mac)),
      Hostile("reply from nobody", .arpSender, Frames.arp(2, from: .any, at: mac)),
      Hostile(
        "sender hardware broadcast", .arpSender,
        Array(request.prefix(22)) + Frames.bytes(.broadcast) + Array(request.dropFirst(28))),
      Hostile(
        "sender hardware zero", .arpSender,
        Array(request.prefix(22)) + Frames.bytes(MACAddress(0)) + Array(request.dropFirst(28))),
      Hostile("reply never asked for", .arpUnsolicited, Frames.arp(2, from: peer, at: mac)),
      Hostile("gratuitous", .arpUnsolicited, Frames.arp(1, from: peer, at: mac, for: peer)),
      Hostile(
        "for somebody else", .arpUnsolicited,
        Frames.arp(1, from: peer, at: mac, for: IPv4Address(10, 0, 0, 77), to: .broadcast)),
    ]

  static func from(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] {
    Frames.packet(Frames.ipv4(6, [], from: IPv4Address(a, b, c, d)))
  }
  static func to(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] {
    Frames.packet(Frames.ipv4(6, [], to: IPv4Address(a, b, c, d)))
  }
  static func options(_ options: [UInt8]) -> [UInt8] {
    Frames.packet(Frames.ipv4(6, [], options: options))
  }
  static let packet = Frames.packet(Frames.ipv4(6, Frames.tcp()))
  static let ipv4: [Hostile] =
    (14..<34).map { Hostile("\($0) bytes", .ipv4Truncated, Array(packet.prefix($0))) } + [
      Hostile("total length past the frame", .ipv4Truncated, Array(packet.dropLast())),
      Hostile("version 6", .ipv4Version, changed(packet, at: 14, to: 0x65)),
      Hostile("version 0", .ipv4Version, changed(packet, at: 14, to: 0x05)),
      Hostile("IHL 4", .ipv4Malformed, changed(packet, at: 14, to: 0x44)),
      Hostile("IHL 0", .ipv4Malformed, changed(packet, at: 14, to: 0x40)),
      Hostile("IHL past the packet", .ipv4Malformed, changed(packet, at: 14, to: 0x4F)),
      Hostile("total length 0", .ipv4Malformed, changed(packet, at: 17, to: 0)),
      Hostile("total length 19", .ipv4Malformed, changed(packet, at: 17, to: 19)),
      Hostile("checksum", .ipv4Checksum, changed(packet, at: 25, to: packet[25] ^ 1)),
      Hostile("option length 0", .ipv4Options, options([7, 0, 0, 0])),
      Hostile("option length 1", .ipv4Options, options([7, 1, 0, 0])),
      Hostile("option past the header", .ipv4Options, options([1, 7, 4, 0])),
      Hostile("option without length", .ipv4Options, options([1, 1, 1, 7])),
      Hostile("loose source route", .ipv4SourceRoute, options([131, 3, 4, 0])),
      Hostile("strict source route", .ipv4SourceRoute, options([137, 3, 4, 0])),
      Hostile("from 0.0.0.0", .ipv4Source, from(0, 0, 0, 0)),
      Hostile("from loopback", .ipv4Source, from(127, 0, 0, 1)),
      Hostile("from multicast", .ipv4Source, from(224, 0, 0, 1)),
      Hostile("from class E", .ipv4Source, from(240, 0, 0, 1)),
      Hostile("from broadcast", .ipv4Source, from(255, 255, 255, 255)),
      Hostile("from subnet broadcast", .ipv4Source, from(10, 0, 0, 255)),
      Hostile("from us (LAND)", .ipv4Source, from(10, 0, 0, 2)),
      Hostile("to somebody else", .ipv4Destination, to(10, 0, 0, 3)),
      Hostile("to multicast", .ipv4Destination, to(224, 0, 0, 1)),
      Hostile("to 0.0.0.0", .ipv4Destination, to(0, 0, 0, 0)),
      Hostile("to loopback", .ipv4Destination, to(127, 0, 0, 1)),
    ]

  static func message(_ type: UInt8, _ code: UInt8, _ rest: [UInt8]) -> [UInt8] {
    Frames.packet(Frames.ipv4(1, Frames.icmp(type, code, rest)))
  }
  static let ping = Frames.echoRequest(payload: [1, 2])
  static let icmp: [Hostile] =
    (0..<8).map {
      Hostile(
        "\($0) bytes", .icmpTruncated,
        Frames.packet(Frames.ipv4(1, [UInt8](repeating: 8, count: $0))))
    } + [
      Hostile("checksum", .icmpChecksum, changed(ping, at: 37, to: ping[37] ^ 1)),
      Hostile("echo reply", .icmpType, message(0, 0, [0, 0, 0, 0])),
      Hostile("timestamp", .icmpType, message(13, 0, [0, 0, 0, 0])),
      Hostile("type 255", .icmpType, message(255, 255, [0, 0, 0, 0])),
      Hostile("redirect", .icmpRedirect, message(5, 1, [10, 0, 0, 7] + Frames.ipv4(6, []))),
      Hostile("error without quotation", .icmpQuote, message(3, 1, [0, 0, 0, 0])),
      Hostile(
        "quotation of 7 bytes", .icmpQuote,
        message(3, 1, [0, 0, 0, 0] + Frames.ipv4(6, [1, 2, 3, 4, 5, 6, 7], from: us))),
      Hostile(
        "quotation with IHL 15", .icmpQuote,
        message(3, 1, [0, 0, 0, 0, 0x4F] + [UInt8](repeating: 0, count: 40))),
      Hostile(
        "quotation of IPv6", .icmpQuote,
        message(3, 1, [0, 0, 0, 0, 0x65] + [UInt8](repeating: 0, count: 40))),
      Hostile(
        "quotation of a stranger's packet", .icmpQuote,
        message(3, 1, [0, 0, 0, 0] + Frames.ipv4(6, Frames.tcp()))),
      Hostile(
        "to a broadcast address", .icmpBroadcast,
        Frames.packet(
          Frames.ipv4(
            1, Frames.icmp(8, 0, [0, 0, 0, 0]), to: IPv4Address(10, 0, 0, 255)))),
      Hostile(
        "in a broadcast frame", .icmpBroadcast,
        Frames.ethernet(
          0x0800, Frames.ipv4(1, Frames.icmp(8, 0, [0, 0, 0, 0])), to: .broadcast)),
    ]

  static let segment = Frames.packet(Frames.ipv4(6, Frames.tcp([1, 2, 3])))
  static let tcp: [Hostile] =
    (0..<20).map {
      Hostile(
        "\($0) bytes", .tcpTruncated, Frames.packet(Frames.ipv4(6, Array(Frames.tcp().prefix($0)))))
    } + [
      Hostile(
        "data offset past the segment", .tcpTruncated,
        Frames.packet(Frames.ipv4(6, Frames.tcp(dataOffset: 6)))),
      Hostile(
        "data offset 4", .tcpMalformed, Frames.packet(Frames.ipv4(6, Frames.tcp(dataOffset: 4)))),
      Hostile(
        "data offset 0", .tcpMalformed, Frames.packet(Frames.ipv4(6, Frames.tcp(dataOffset: 0)))),
      Hostile("checksum", .tcpChecksum, changed(segment, at: 54, to: 9)),
      Hostile(
        "to a broadcast address", .tcpBroadcast,
        Frames.packet(Frames.ipv4(6, Frames.tcp(), to: .broadcast))),
    ]

  static let datagram = Frames.packet(Frames.ipv4(17, Frames.udp([1, 2, 3])))
  static let udp: [Hostile] =
    (0..<8).map {
      Hostile(
        "\($0) bytes", .udpTruncated,
        Frames.packet(Frames.ipv4(17, Array(Frames.udp([]).prefix($0)))))
    } + [
      Hostile("length past the packet", .udpTruncated, changed(datagram, at: 39, to: 12)),
      Hostile("length 7", .udpMalformed, changed(datagram, at: 39, to: 7)),
      Hostile("length 0", .udpMalformed, changed(datagram, at: 39, to: 0)),
      Hostile("checksum", .udpChecksum, changed(datagram, at: 44, to: 9)),
    ]

  @Test(arguments: [ethernet, arp, ipv4, icmp, tcp, udp].flatMap { $0 })
  func isDroppedUnderItsOwnReasonAndDisturbsNothing(frame: HostileFrame) {
    var bench = Bench()
    let bound = bench.stack.bind(7)
    #expect(bound == .ok)
    bench.receive(frame.bytes)
    let (count, total) = (bench.stack.counters[frame.reason], bench.stack.counters.dropped)
    #expect(count == 1)
    #expect(total == 1)
    bench.cycle()
    let (free, segments) = (bench.pool.freeCount, bench.stack.counters.receivedSegments)
    #expect(free == Bench.bufferCount)
    #expect(segments == 0)
    let answersPing = bench.answersPing()
    #expect(answersPing)
  }

  /// Unpadded frames, padded ones and a time to live of zero are all right.
  @Test func whatIsUnusualButAllowedIsReceived() {
    var bench = Bench()
    bench.receive(Frames.packet(Frames.ipv4(6, Frames.tcp(flags: 4), timeToLive: 0)))
    bench.receive(Frames.packet(Frames.ipv4(6, Frames.tcp(flags: 4))) + [0, 0, 0, 0, 0, 0])
    bench.receive(Frames.packet(Frames.ipv4(6, Frames.tcp(flags: 4), options: [1, 1, 1, 0])))
    let (segments, dropped) = (bench.stack.counters.receivedSegments, bench.stack.counters.dropped)
    #expect(segments == 3)
    #expect(dropped == 0)
    bench.cycle()
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }
}
