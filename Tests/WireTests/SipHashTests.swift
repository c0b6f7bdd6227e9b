import Testing
import Wire

@Suite struct SipHashTests {
  private let keyed = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))

  /// The vector of the paper, appendix A: the message 00 01 ... 0E.
  @Test func sipHash24AgreesWithThePaper() {
    var state = keyed
    state.absorb(0x0706_0504_0302_0100, rounds: 2)
    state.absorb(0x0F0E_0D0C_0B0A_0908, rounds: 2)
    #expect(state.finish(rounds: 4) == 0xA129_CA61_49BE_45E5)
  }

  /// The reference implementation's vectors of 24 bytes, and of the first message of SipHash-1-3.
  @Test func messagesOfThreeWordsAndOfNoneHaveTheirVectors() {
    let hash = keyed.hash(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x1716_1514_1312_1110)
    #expect(hash == 0xB8AD_50C6_F649_AF94)
    var state = keyed
    state.absorb(0, rounds: 1)
    #expect(UInt32(truncatingIfNeeded: state.finish(rounds: 3)) == 0x050F_C4DC)
  }
}
