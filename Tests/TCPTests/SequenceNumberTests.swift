import Testing

@testable import TCP

@Suite struct SequenceNumberTests {
  @Test(
    arguments: [
      (0, 1), (.max, 0), (.max - 5, 5), (0x7FFF_FFFF, 0x8000_0000), (0, 0x7FFF_FFFF),
      (0x8000_0000, .max), (.max, 0x7FFF_FFFE),
    ] as [(UInt32, UInt32)])
  func theEarlierPrecedesTheLaterAcrossTheWrap(a: UInt32, b: UInt32) {
    let (a, b) = (SequenceNumber(a), SequenceNumber(b))
    #expect(a < b && a <= b && b > a && b >= a && a != b)
    #expect(!(b < a) && !(b <= a))
    #expect(a.advanced(by: b.distance(from: a)) == b)
    #expect(SequenceNumber.later(of: a, b) == b && SequenceNumber.later(of: b, a) == b)
  }

  /// The vector of the SipHash paper, appendix A.
  @Test func sipHashAgreesWithItsReference() {
    let function = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
    let hash = function.hashOf15Bytes(0x0706_0504_0302_0100, 0x000E_0D0C_0B0A_0908)
    #expect(hash == 0xA129_CA61_49BE_45E5)
  }
}
