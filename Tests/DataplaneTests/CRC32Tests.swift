import Testing

@testable import Dataplane

@Suite struct CRC32Tests {
  /// The check value of CRC-32/ISO-HDLC and results of zlib's crc32().
  @Test(
    arguments: [
      ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43),
      ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ] as [(String, UInt32)])
  func checksumsAreThoseOfZlib(text: String, checksum: UInt32) {
    let bytes = Array(text.utf8)
    #expect(CRC32().checksum(of: bytes.span.bytes) == checksum)
  }

  @Test func everyFlippedBitIsSeen() {
    var bytes = [UInt8](repeating: 0x5A, count: 64)
    let checksum = CRC32().checksum(of: bytes.span.bytes)
    for bit in 0..<(64 * 8) {
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(CRC32().checksum(of: bytes.span.bytes) != checksum)
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
  }
}
