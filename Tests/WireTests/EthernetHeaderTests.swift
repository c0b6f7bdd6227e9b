import Testing

@testable import Wire

@Suite struct EthernetHeaderTests {
  static let frame: [UInt8] = [
    0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x08, 0x00,
  ]
  static let fields = EthernetHeaderFields(
    destination: MACAddress(0x0200_0000_0001), source: MACAddress(0xFEDC_BA98_7654), type: .ipv4)

  @Test(arguments: [0, 1, 7]) func allFieldsAreRead(offset: Int) throws {
    let bytes = [UInt8](repeating: 0xA5, count: offset) + Self.frame
    let header = try EthernetHeader(parsing: bytes.span.bytes, at: offset)
    let (destination, source, type) = (header.destination, header.source, header.type)
    #expect(destination == Self.fields.destination)
    #expect(source == Self.fields.source)
    #expect(type == .ipv4)
  }

  @Test func emittedBytesAreThoseThatAreParsed() {
    #expect(emitted(14) { Self.fields.emit(into: &$0) } == Self.frame)
  }

  @Test(arguments: 0..<14) func everyShortPrefixIsTruncated(count: Int) {
    #expect(throws: WireError.truncated) {
      _ = try EthernetHeader(parsing: Self.frame.span.bytes.extracting(first: count))
    }
  }
}

/// What `emit` writes into `byteCount` stale bytes.
func emitted(_ byteCount: Int, _ emit: (inout MutableRawSpan) -> Void) -> [UInt8] {
  var bytes = [UInt8](repeating: 0x5A, count: byteCount)
  var span = bytes.mutableSpan
  var raw = span.mutableBytes
  emit(&raw)
  return bytes
}
