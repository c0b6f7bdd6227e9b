import Testing

@testable import Wire

@Suite struct IPv4HeaderTests {
  /// 20 bytes of header and 4 of payload.
  static let packet: [UInt8] = [
    0x45, 0x02, 0x00, 0x18, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06, 0x26, 0xDC,
    10, 0, 0, 1, 10, 0, 0, 2, 0xDE, 0xAD, 0xBE, 0xEF,
  ]

  static func error(_ bytes: [UInt8], at offset: Int = 0) -> WireError? {
    do {
      _ = try IPv4Header(parsing: bytes.span.bytes, at: offset)
      return nil
    } catch {
      return error
    }
  }

  /// With the right checksum.
  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    (bytes[10], bytes[11]) = (0, 0)
    let byteCount = min(max(Int(bytes[0] & 0xF) * 4, 20), bytes.count)
    let checksum = Checksum.of(bytes.span.bytes, byteCount: byteCount)
    (bytes[10], bytes[11]) = (UInt8(checksum >> 8), UInt8(checksum & 0xFF))
    return bytes
  }

  @Test(arguments: [0, 1, 14]) func allFieldsAreRead(offset: Int) throws {
    let bytes = [UInt8](repeating: 0xA5, count: offset) + Self.packet + [0, 0, 0]
    let header = try IPv4Header(parsing: bytes.span.bytes, at: offset)
    let numbers = [
      header.headerByteCount, header.totalLength, Int(header.congestionCodepoint),
      Int(header.identification), Int(header.timeToLive), header.fragmentOffset,
      header.payloadOffset, header.payloadByteCount,
    ]
    #expect(numbers == [20, 24, 2, 0, 64, 0, offset + 20, 4])
    let (source, destination) = (header.source, header.destination)
    #expect(source == IPv4Address(10, 0, 0, 1))
    #expect(destination == IPv4Address(10, 0, 0, 2))
    let (isTCP, isFragment) = (header.protocolNumber == .tcp, header.isFragment)
    #expect(isTCP && !isFragment)
  }

  @Test func emittedBytesAreThoseThatAreParsed() {
    var fields = IPv4HeaderFields(
      source: IPv4Address(10, 0, 0, 1), destination: IPv4Address(10, 0, 0, 2),
      protocolNumber: .tcp, payloadByteCount: 4)
    fields.congestionCodepoint = 2
    #expect(emitted(20) { fields.emit(into: &$0) } == Array(Self.packet.prefix(20)))
  }

  @Test(arguments: 0..<24) func everyShortPrefixIsTruncated(count: Int) {
    #expect(Self.error(Array(Self.packet.prefix(count))) == .truncated)
  }

  @Test(arguments: 0...15 as ClosedRange<UInt8>)
  func onlyVersionFourIsRead(version: UInt8) {
    var packet = Self.packet
    packet[0] = version << 4 | 5
    #expect(Self.error(Self.sealed(packet)) == (version == 4 ? nil : .unsupported))
  }

  @Test(arguments: 0...15 as ClosedRange<UInt8>)
  func theHeaderLengthMustCoverTheHeaderAndFitThePacket(words: UInt8) {
    var packet = Self.packet
    packet[0] = 0x40 | words
    let expected: WireError? = words < 5 || words > 6 ? .malformed : nil
    #expect(Self.error(Self.sealed(packet)) == expected)
  }

  @Test(
    arguments: [
      (0, WireError.malformed), (19, .malformed), (20, nil), (24, nil), (25, .truncated),
      (65_535, .truncated),
    ] as [(UInt16, WireError?)])
  func theTotalLengthMustCoverTheHeaderAndFitTheFrame(length: UInt16, expected: WireError?) {
    var packet = Self.packet
    (packet[2], packet[3]) = (UInt8(length >> 8), UInt8(length & 0xFF))
    #expect(Self.error(Self.sealed(packet)) == expected)
  }

  @Test(arguments: 0..<160) func everyFlippedBitOfTheHeaderIsNoticed(bit: Int) {
    var packet = Self.packet
    packet[bit / 8] ^= 0x80 >> UInt8(bit % 8)
    #expect(Self.error(packet) != nil)
  }

  @Test(
    arguments: [
      (0x0000, false, 0), (0x4000, false, 0), (0x8000, false, 0), (0x2000, true, 0),
      (0x0001, true, 8), (0x3FFF, true, 65_528),
    ] as [(UInt16, Bool, Int)])
  func fragmentsAreRecognised(field: UInt16, isFragment: Bool, offset: Int) throws {
    var packet = Self.packet
    (packet[6], packet[7]) = (UInt8(field >> 8), UInt8(field & 0xFF))
    let bytes = Self.sealed(packet)
    let header = try IPv4Header(parsing: bytes.span.bytes)
    let found = (header.isFragment, header.fragmentOffset, header.hasMoreFragments)
    #expect(found == (isFragment, offset, field & 0x2000 != 0))
  }

  @Test(
    arguments: [
      ([1, 1, 1, 1], IPv4OptionsVerdict.ignorable),
      ([0, 0xFF, 0xFF, 0xFF], .ignorable),
      ([0x94, 4, 0, 0], .ignorable),  // router alert
      ([0x07, 3, 4, 1], .ignorable),  // record route
      ([0xFE, 2, 1, 0], .ignorable),  // unknown
      ([0x07, 0, 0, 0], .malformed),
      ([0x07, 1, 0, 0], .malformed),
      ([0x07, 5, 0, 0], .malformed),
      ([0x07, 255, 0, 0], .malformed),
      ([1, 1, 1, 0x07], .malformed),
      ([131, 3, 4, 0], .sourceRoute),
      ([137, 3, 4, 0], .sourceRoute),
      ([1, 137, 3, 4], .sourceRoute),
    ] as [([UInt8], IPv4OptionsVerdict)])
  func optionsAreWalkedToTheirEnd(options: [UInt8], expected: IPv4OptionsVerdict) throws {
    var packet = Self.packet
    packet[0] = 0x46
    packet.replaceSubrange(20..<24, with: options)
    let bytes = Self.sealed(packet)
    let header = try IPv4Header(parsing: bytes.span.bytes)
    let (verdict, hasOptions) = (header.optionsVerdict, header.hasOptions)
    #expect(verdict == expected)
    #expect(hasOptions)
  }
}
