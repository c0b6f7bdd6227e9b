import Testing
import Wire

/// The verification suite of Microsoft's "Verifying the RSS hash calculation", IPv4 part.
@Suite struct ToeplitzHashTests {
  struct Vector: Sendable {
    let source, destination: UInt32
    let sourcePort, destinationPort: UInt16
    let withPorts, withoutPorts: UInt32
  }

  static func address(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> UInt32 {
    a << 24 | b << 16 | c << 8 | d
  }

  static let vectors = [
    Vector(
      source: address(66, 9, 149, 187), destination: address(161, 142, 100, 80),
      sourcePort: 2794, destinationPort: 1766, withPorts: 0x51cc_c178, withoutPorts: 0x323e_8fc2),
    Vector(
      source: address(199, 92, 111, 2), destination: address(65, 69, 140, 83),
      sourcePort: 14230, destinationPort: 4739, withPorts: 0xc626_b0ea, withoutPorts: 0xd718_262a),
    Vector(
      source: address(24, 19, 198, 95), destination: address(12, 22, 207, 184),
      sourcePort: 12898, destinationPort: 38024, withPorts: 0x5c2b_394a,
      withoutPorts: 0xd2d0_a5de),
    Vector(
      source: address(38, 27, 205, 30), destination: address(209, 142, 163, 6),
      sourcePort: 48228, destinationPort: 2217, withPorts: 0xafc7_327f,
      withoutPorts: 0x8298_9176),
    Vector(
      source: address(153, 39, 163, 191), destination: address(202, 188, 127, 2),
      sourcePort: 44251, destinationPort: 1303, withPorts: 0x10e8_28a2,
      withoutPorts: 0x5d18_09c5),
  ]

  @Test(arguments: vectors) func everyVectorOfTheSuiteHashesAsItSays(vector: Vector) {
    let (source, destination) = (IPv4Address(vector.source), IPv4Address(vector.destination))
    let usual = ToeplitzHash.usual
    #expect(
      usual.hash(
        from: source, to: destination, sourcePort: vector.sourcePort,
        destinationPort: vector.destinationPort) == vector.withPorts)
    #expect(usual.hash(from: source, to: destination) == vector.withoutPorts)
  }

  @Test func aKeyReadFromBytesIsTheSameKey() throws {
    let bytes = ToeplitzHash.usual.keyBytes
    let again = try ToeplitzHash(key: bytes.span.bytes)
    #expect(again.part(0xdead_beef, at: 8) == ToeplitzHash.usual.part(0xdead_beef, at: 8))
    #expect(bytes[0] == 0x6d && bytes[3] == 0xda && bytes[39] == 0xfa)
  }

  @Test(arguments: [0, 39]) func aShortKeyIsTruncated(byteCount: Int) {
    let bytes = [UInt8](repeating: 1, count: 40)
    #expect(throws: WireError.truncated) {
      _ = try ToeplitzHash(key: bytes.span.bytes.extracting(first: byteCount))
    }
  }
}
