import Testing

@testable import Wire

@Suite struct UDPHeaderTests {
  static let datagram: [UInt8] = [0x12, 0x34, 0x00, 0x07, 0x00, 0x0B, 0xAB, 0xCD, 1, 2, 3]

  static func error(_ bytes: [UInt8]) -> WireError? {
    do {
      _ = try UDPHeader(parsing: bytes.span.bytes, byteCount: bytes.count)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [0, 3]) func allFieldsAreReadAndPaddingIsIgnored(padding: Int) throws {
    let bytes = Self.datagram + [UInt8](repeating: 0, count: padding)
    let header = try UDPHeader(parsing: bytes.span.bytes, byteCount: bytes.count)
    let numbers = [header.sourcePort, header.destinationPort, header.checksum]
    let length = header.length
    #expect(numbers == [0x1234, 7, 0xABCD])
    #expect(length == 11)
  }

  @Test func emittedBytesAreThoseThatAreParsed() {
    var fields = UDPHeaderFields(sourcePort: 0x1234, destinationPort: 7, payloadByteCount: 3)
    fields.checksum = 0xABCD
    #expect(emitted(8) { fields.emit(into: &$0) } == Array(Self.datagram.prefix(8)))
  }

  @Test(arguments: 0..<11) func everyShortPrefixIsTruncated(count: Int) {
    #expect(Self.error(Array(Self.datagram.prefix(count))) == .truncated)
  }

  @Test func aDatagramDoesNotReachPastThePacketThatCarriesIt() {
    #expect(throws: WireError.truncated) {
      _ = try UDPHeader(parsing: Self.datagram.span.bytes, byteCount: 10)
    }
    #expect(throws: WireError.truncated) {
      _ = try UDPHeader(parsing: Self.datagram.span.bytes, at: 1, byteCount: 11)
    }
  }

  @Test(arguments: 0..<8 as Range<UInt8>) func aLengthBelowTheHeadersIsMalformed(length: UInt8) {
    var datagram = Self.datagram
    datagram[5] = length
    #expect(Self.error(datagram) == .malformed)
  }
}
