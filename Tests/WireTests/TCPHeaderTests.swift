import Testing

@testable import Wire

@Suite struct TCPHeaderTests {
  /// A SYN with MSS 1460, SACK-permitted, timestamps and window scale 7, and two bytes of payload.
  static let syn: [UInt8] = [
    0x9C, 0x40, 0x00, 0x07, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xB0, 0x02, 0xFA, 0xF0,
    0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xB4, 0x01, 0x01, 0x04, 0x02, 0x01, 0x01, 0x08, 0x0A,
    0x00, 0x00, 0x00, 0x2A, 0x00, 0x00, 0x00, 0x2B, 0x01, 0x03, 0x03, 0x07, 0xAA, 0xBB,
  ]

  @Test func allFieldsAreRead() throws {
    let bytes = Self.syn.span.bytes
    let header = try TCPHeader(parsing: bytes, byteCount: bytes.byteCount)
    #expect(header.sourcePort == 40_000)
    #expect(header.destinationPort == 7)
    #expect(header.sequence == 0x0102_0304)
    #expect(header.acknowledgment == 0x0506_0708)
    #expect(header.headerByteCount == 44)
    #expect(header.payloadByteCount == 2)
    #expect(header.flags == .syn)
    #expect(header.window == 64_240)
    let options = header.options
    #expect(options.maximumSegmentByteCount == 1460)
    #expect(options.windowScale == 7)
    #expect(options.isSACKPermitted && options.hasTimestamps)
    #expect(options.timestampValue == 42 && options.timestampEcho == 43)
  }

  @Test func emittingGivesTheSameBytes() {
    var fields = TCPHeaderFields(
      sourcePort: 40_000, destinationPort: 7, sequence: 0x0102_0304, acknowledgment: 0x0506_0708,
      flags: .syn, window: 64_240)
    fields.options.maximumSegmentByteCount = 1460
    fields.options.isSACKPermitted = true
    fields.options.hasTimestamps = true
    fields.options.timestampValue = 42
    fields.options.timestampEcho = 43
    fields.options.windowScale = 7
    #expect(fields.byteCount == 44)
    var bytes = [UInt8](repeating: 0xFF, count: 44)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    fields.emit(into: &raw)
    #expect(bytes == Array(Self.syn.prefix(44)))
  }

  @Test(arguments: 0..<44)
  func everyShortPrefixIsTruncated(count: Int) {
    let prefix = Array(Self.syn.prefix(count))
    #expect(throws: WireError.truncated) {
      _ = try TCPHeader(parsing: prefix.span.bytes, byteCount: count)
    }
  }

  @Test(arguments: 0..<5)
  func aDataOffsetInsideTheHeaderIsMalformed(words: UInt8) {
    var bytes = Self.syn
    bytes[12] = words << 4
    #expect(throws: WireError.malformed) {
      _ = try TCPHeader(parsing: bytes.span.bytes, byteCount: bytes.count)
    }
  }

  @Test func sackBlocksGoThroughBothWays() {
    var options = TCPOptions()
    options.hasTimestamps = true
    options.sackBlockCount = 3
    for block in 0..<3 {
      options.sackBlocks[block] = SACKBlock(start: UInt32(block), end: .max - UInt32(block))
    }
    #expect(options.byteCount == 40)
    var bytes = [UInt8](repeating: 0, count: 40)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    options.emit(into: &raw)
    let parsed = TCPOptions(parsing: bytes.span.bytes, byteCount: 40)
    #expect(parsed.sackBlockCount == 3)
    #expect(parsed.sackBlocks[2] == SACKBlock(start: 2, end: .max - 2))
  }

  @Test(
    arguments: [
      ([2, 0], nil), ([2, 1], nil), ([2], nil), ([2, 4, 5], nil), ([2, 5, 1, 2, 3, 1], nil),
      ([1, 1, 2, 4, 0, 48], 48), ([0, 2, 4, 5, 180], nil), ([253, 3, 9, 2, 4, 1, 0], 256),
      ([254, 2, 2, 4, 255, 255], 65_535), ([2, 4, 0, 1, 2, 4, 0, 2], 2),
      ([254, 200, 2, 4, 1, 1], nil),
    ] as [([UInt8], UInt16?)])
  func hostileOptionsEndTheParsingOrAreSkipped(bytes: [UInt8], expected: UInt16?) {
    let options = TCPOptions(parsing: bytes.span.bytes, byteCount: bytes.count)
    #expect(options.maximumSegmentByteCount == expected)
  }

  @Test(arguments: [(0, 0), (14, 14), (15, 14), (255, 14)] as [(UInt8, UInt8)])
  func theWindowScaleIsLimited(shift: UInt8, expected: UInt8) {
    let bytes: [UInt8] = [3, 3, shift]
    let options = TCPOptions(parsing: bytes.span.bytes, byteCount: 3)
    #expect(options.windowScale == expected)
  }
}
