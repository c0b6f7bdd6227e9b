import Testing

@testable import Wire

@Suite struct ICMPHeaderTests {
  /// An echo request.
  static let message: [UInt8] = [8, 0, 0xE5, 0xCA, 0x12, 0x34, 0x00, 0x01, 0x00, 0x00]

  @Test func allFieldsAreRead() throws {
    let header = try ICMPHeader(parsing: Self.message.span.bytes, byteCount: 10)
    let (type, code, checksum) = (header.type, header.code, header.checksum)
    let parameter = header.parameter
    #expect(type == .echoRequest && code == 0 && checksum == 0xE5CA)
    #expect(parameter == 0x1234_0001)
  }

  @Test func emittedBytesAreThoseThatAreParsed() {
    var fields = ICMPHeaderFields(type: .echoRequest, code: 0, parameter: 0x1234_0001)
    fields.checksum = 0xE5CA
    #expect(emitted(8) { fields.emit(into: &$0) } == Array(Self.message.prefix(8)))
  }

  @Test(arguments: 0..<8) func everyShortPrefixIsTruncated(count: Int) {
    #expect(throws: WireError.truncated) {
      _ = try ICMPHeader(parsing: Self.message.span.bytes, byteCount: count)
    }
  }

  @Test func aMessageDoesNotReachPastItsBytes() {
    #expect(throws: WireError.truncated) {
      _ = try ICMPHeader(parsing: Self.message.span.bytes, at: 2, byteCount: 10)
    }
  }

  @Test(arguments: 0..<80) func everyFlippedBitIsNoticed(bit: Int) {
    var message = Self.message
    message[bit / 8] ^= 0x80 >> UInt8(bit % 8)
    #expect(throws: WireError.checksum) {
      _ = try ICMPHeader(parsing: message.span.bytes, byteCount: 10)
    }
  }

  @Test(arguments: 0...255 as ClosedRange<UInt8>) func errorsAreThoseOfRFC1122(type: UInt8) {
    #expect(ICMPType(type).isError == [3, 4, 5, 11, 12].contains(type))
  }
}
