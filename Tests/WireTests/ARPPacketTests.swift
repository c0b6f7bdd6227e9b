import Testing

@testable import Wire

@Suite struct ARPPacketTests {
  static let packet: [UInt8] = [
    0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01,  // Ethernet, IPv4, request
    0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 10, 0, 0, 1,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 10, 0, 0, 2,
  ]
  static let fields = ARPPacketFields(
    operation: .request, senderHardware: MACAddress(0x0200_0000_0001),
    senderAddress: IPv4Address(10, 0, 0, 1), targetHardware: MACAddress(0),
    targetAddress: IPv4Address(10, 0, 0, 2))

  static func parse(_ bytes: [UInt8], at offset: Int = 0) throws -> ARPPacketFields {
    try ARPPacket(parsing: bytes.span.bytes, at: offset).fields
  }

  @Test func allFieldsAreReadAndPaddingIsIgnored() throws {
    #expect(try Self.parse(Self.packet) == Self.fields)
    #expect(try Self.parse([1, 2] + Self.packet + [0, 0, 0], at: 2) == Self.fields)
  }

  @Test func emittedBytesAreThoseThatAreParsed() {
    #expect(emitted(28) { Self.fields.emit(into: &$0) } == Self.packet)
  }

  @Test(arguments: 0..<28) func everyShortPrefixIsTruncated(count: Int) {
    #expect(throws: WireError.truncated) { try Self.parse(Array(Self.packet.prefix(count))) }
  }

  @Test(arguments: [
    (0, WireError.unsupported), (1, .unsupported), (2, .unsupported), (3, .unsupported),
    (4, .malformed), (5, .malformed),
  ])
  func otherTypesAndAddressLengthsAreRefused(offset: Int, error: WireError) {
    for value in [0, 255] as [UInt8] where value != Self.packet[offset] {
      var packet = Self.packet
      packet[offset] = value
      #expect(throws: error) { try Self.parse(packet) }
    }
  }

  @Test(arguments: [0, 3, 65_535] as [UInt16])
  func anUnknownOperationIsLeftToTheReceiver(operation: UInt16) throws {
    var packet = Self.packet
    packet[6] = UInt8(operation >> 8)
    packet[7] = UInt8(operation & 0xFF)
    #expect(try Self.parse(packet).operation == ARPOperation(operation))
  }
}
