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
}
