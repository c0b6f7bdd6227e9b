import Testing

@testable import Wire

/// Frames with nothing unusual about them, against the parsers of their layers.
@Suite struct UsualFrameTests {
  static let here = MACAddress(0x0200_0000_0002)
  static let there = MACAddress(0x0200_0000_0001)

  static func frame(hasTimestamps: Bool = true, payload: [UInt8] = [1, 2, 3]) -> [UInt8] {
    let fields = UsualFrame(
      addresses: 0x0200_000A_0100_000A, ports: 0x0700_409C, sequence: 0x1234_5678,
      acknowledgment: 0x9ABC_DEF0, window: 0xFEDC, hasTimestamps: hasTimestamps,
      timestampValue: 0x1122_3344, timestampEcho: 0x5566_7788, payloadByteCount: payload.count)
    let headers = emitted(fields.headerByteCount) {
      fields.emit(from: there, to: here, checksum: fields.partialChecksum, into: &$0)
    }
    return headers + payload
  }

  static func parse(_ bytes: [UInt8], at offset: Int = 0) -> UsualFrame? {
    UsualFrame(
      parsing: bytes.span.bytes, at: offset, byteCount: bytes.count - offset, hardware: here)
  }

  /// What the parsers of the layers say about the frame; nil where one of them refuses it.
  static func general(_ bytes: [UInt8]) -> UsualFrame? {
    guard let link = try? EthernetHeader(parsing: bytes.span.bytes), link.type == .ipv4,
      link.destination == here, !link.source.isGroup, link.source != here,
      let network = try? IPv4Header(parsing: bytes.span.bytes, at: 14), !network.hasOptions,
      !network.isFragment, network.protocolNumber == .tcp, network.congestionCodepoint != 3,
      let segment = try? TCPHeader(
        parsing: bytes.span.bytes, at: 34, byteCount: network.payloadByteCount)
    else { return nil }
    return UsualFrame(
      addresses: bytes.span.bytes.word(at: 26), ports: bytes.span.bytes.word(at: 34),
      sequence: segment.sequence, acknowledgment: segment.acknowledgment, window: segment.window,
      hasTimestamps: segment.options.hasTimestamps,
      timestampValue: segment.options.timestampValue,
      timestampEcho: segment.options.timestampEcho, payloadByteCount: segment.payloadByteCount)
  }

  @Test(arguments: [true, false]) func whatIsEmittedIsRightForEveryLayer(_ hasTimestamps: Bool)
    throws
  {
    let bytes = Self.frame(hasTimestamps: hasTimestamps)
    let link = try EthernetHeader(parsing: bytes.span.bytes)
    let addresses = [link.source, link.destination]
    #expect(addresses == [Self.there, Self.here])
    let network = try IPv4Header(parsing: bytes.span.bytes, at: 14)
    let (source, destination) = (network.source, network.destination)
    #expect(source == IPv4Address(10, 0, 0, 1) && destination == IPv4Address(10, 0, 0, 2))
    let isWhole = network.totalLength == bytes.count - 14 && network.timeToLive == 64
    #expect(isWhole)
    let segment = try TCPHeader(
      parsing: bytes.span.bytes, at: 34, byteCount: network.payloadByteCount)
    let (flags, ports) = (segment.flags, [segment.sourcePort, segment.destinationPort])
    #expect(flags == .ack | .psh && ports == [40_000, 7])
    let sum = Checksum(
      from: source, to: destination, protocolNumber: IPv4Protocol.tcp.rawValue,
      byteCount: network.payloadByteCount)
    let checksum = segment.checksum
    #expect(checksum == sum.partial)
    let usual = try #require(Self.parse(bytes))
    let expected = try #require(Self.general(bytes))
    #expect(Self.isSame(usual, expected))
  }

  @Test(arguments: [true, false], [0, 1, 2, 3, 64]) func theWholeChecksumIsRight(
    _ hasTimestamps: Bool, byteCount: Int
  ) throws {
    let payload = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    var bytes = Self.frame(hasTimestamps: hasTimestamps, payload: payload)
    let usual = try #require(Self.parse(bytes))
    var sum = Checksum()
    sum.add(payload.span.bytes)
    let value = usual.checksum(over: sum)
    (bytes[50], bytes[51]) = (UInt8(truncatingIfNeeded: value), UInt8(value >> 8))
    bytes[47] = 0x18
    var whole = Checksum(
      from: IPv4Address(10, 0, 0, 1), to: IPv4Address(10, 0, 0, 2),
      protocolNumber: IPv4Protocol.tcp.rawValue, byteCount: bytes.count - 34)
    whole.add(bytes.span.bytes, from: 34, byteCount: bytes.count - 34)
    let rest = whole.complement
    #expect(rest == 0)
  }

  static func isSame(_ a: UsualFrame, _ b: UsualFrame) -> Bool {
    a.addresses == b.addresses && a.ports == b.ports && a.sequence == b.sequence
      && a.acknowledgment == b.acknowledgment && a.window == b.window
      && a.hasTimestamps == b.hasTimestamps && a.timestampValue == b.timestampValue
      && a.timestampEcho == b.timestampEcho && a.payloadByteCount == b.payloadByteCount
  }

  /// Every byte of the headers with every value: what is taken is what the layers make of it.
  @Test(arguments: [true, false]) func nothingIsTakenThatALayerRefuses(_ hasTimestamps: Bool) {
    let right = Self.frame(hasTimestamps: hasTimestamps)
    var takenCount = 0
    for index in 0..<(right.count - 3) {
      for value in 0...255 as ClosedRange<UInt8> {
        var bytes = right
        bytes[index] = value
        guard let usual = Self.parse(bytes) else { continue }
        takenCount += 1
        let isRight = Self.general(bytes).map { Self.isSame($0, usual) } ?? false
        #expect(isRight, "byte \(index) is \(value)")
      }
    }
    #expect(takenCount > 16 * 256)
  }

  @Test(arguments: [true, false]) func everyShortPrefixIsRefused(_ hasTimestamps: Bool) {
    let bytes = Self.frame(hasTimestamps: hasTimestamps)
    for count in bytes.indices {
      #expect(Self.parse(Array(bytes[..<count])) == nil, "\(count) bytes")
    }
  }

  @Test func paddingBehindThePacketIsNoPayload() throws {
    let padded = [UInt8](repeating: 0xA5, count: 12) + Self.frame() + [0, 0, 0, 0]
    let usual = try #require(Self.parse(padded, at: 12))
    #expect(usual.payloadByteCount == 3)
  }
}
