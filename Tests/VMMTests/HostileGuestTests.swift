import Testing

@testable import VMM

/// Every seed is another life of a hostile guest. That a life ends is half of the test: nothing traps,
/// nothing loops. `Tests/Fuzz/Devices` leads the same lives by coverage.
@Suite struct HostileGuestTests {
  /// Steele, Lea and Flood's generator: the same life for the same seed.
  private struct Chance: Choices {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }

    mutating func next(below limit: UInt64) -> UInt64 { next() % limit }
  }

  @Test(arguments: 0..<64 as Range<UInt64>)
  func itsDevicesOutliveAnyGuest(seed: UInt64) throws {
    var chance = Chance(state: seed)
    let rig = try Rig(pairs: seed % 2 == 0 ? 1 : 2)
    for _ in 0..<2_000 { HostileGuest.step(rig, &chance) }
    #expect(HostileGuest.complaint(about: rig) == nil)
    #expect(rig.backEnd.activation?.queues.count == 2)
  }
}
