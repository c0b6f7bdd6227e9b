import Testing

@testable import Wire

@Suite struct ChecksumTests {
  /// The words as RFC 1071, section 1, defines the sum.
  static func reference(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for (index, byte) in bytes.enumerated() {
      sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
      sum = (sum & 0xFFFF) + (sum >> 16)
    }
    return ~UInt16(sum)
  }

  /// RFC 1071, section 3: the sum of these bytes is ddf2.
  @Test func theExampleOfTheSpecificationIsRight() {
    let bytes: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
    var checksum = Checksum()
    checksum.add(bytes.span.bytes)
    #expect(checksum.partial == 0xDDF2)
    #expect(checksum.complement == ~0xDDF2)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 7, 31, 32, 33, 63, 64, 65, 1459, 1460, 65_535])
  func everyLengthAgreesWithTheDefinition(count: Int) {
    for fill in [0, 1, 0x80, 0xFF] as [UInt8] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) | fill }
      #expect(Checksum.of(bytes.span.bytes, byteCount: count) == Self.reference(bytes))
    }
  }

  @Test(arguments: [0, 1, 2, 3, 5, 32, 33], [0, 1, 2, 7, 33, 64])
  func rangesOfAnyLengthContinueTheSum(first: Int, second: Int) {
    let bytes = (0..<(first + second + 3)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    var checksum = Checksum()
    checksum.add(bytes.span.bytes, from: 0, byteCount: first)
    checksum.add(bytes.span.bytes, from: first, byteCount: second)
    checksum.add(bytes.span.bytes, from: first + second, byteCount: 3)
    #expect(checksum.complement == Self.reference(bytes))
  }

  @Test func thePseudoHeaderIsPartOfTheSum() {
    let from = IPv4Address(192, 168, 1, 2)
    let to = IPv4Address(10, 255, 0, 1)
    let bytes: [UInt8] = [1, 2, 3]
    var checksum = Checksum(from: from, to: to, protocolNumber: 6, byteCount: 3)
    checksum.add(bytes.span.bytes)
    let pseudo: [UInt8] = [192, 168, 1, 2, 10, 255, 0, 1, 0, 6, 0, 3]
    #expect(checksum.complement == Self.reference(pseudo + bytes))
  }
}
