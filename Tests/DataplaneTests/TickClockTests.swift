import Packets
import Testing

@testable import Dataplane

@Suite struct TickClockTests {
  @Test(
    arguments: [
      (1_000_000_000, 5, 5),
      (2_500_000_000, 2_500_000_000, 1_000_000_000),
      (3_000_000_000, 3, 1), (1_000_000, 1, 1000), (100_000_000_000, 100, 1),
    ] as [(UInt64, UInt64, UInt64)])
  func ticksBecomeNanoseconds(frequency: UInt64, ticks: UInt64, nanoseconds: UInt64) throws {
    let clock = try #require(TickClock(ticksPerSecond: frequency, origin: 1_000))
    let difference =
      Int64(clock.instant(at: 1_000 + ticks).nanoseconds) - Int64(nanoseconds)
    #expect(abs(difference) <= 1)
  }

  @Test func aYearIsRightToAMillisecond() throws {
    let clock = try #require(TickClock(ticksPerSecond: 2_634_524_252, origin: 0))
    let seconds: UInt64 = 365 * 86_400
    let instant = clock.instant(at: seconds * 2_634_524_252)
    let difference = Int64(instant.nanoseconds) - Int64(seconds * 1_000_000_000)
    #expect(abs(difference) < 10_000_000)
  }

  @Test func theOriginIsTheEarliestInstant() throws {
    let clock = try #require(TickClock(ticksPerSecond: 2_000_000_000, origin: 500))
    #expect(clock.instant(at: 500) == Instant(nanoseconds: 0))
    #expect(clock.instant(at: 0) == Instant(nanoseconds: 0))
  }

  @Test func timeNeverGoesBack() throws {
    let clock = try #require(TickClock(ticksPerSecond: 3_123_456_789, origin: 0))
    var last = Instant(nanoseconds: 0)
    for ticks in stride(from: 0 as UInt64, to: 100_000, by: 7) {
      let now = clock.instant(at: ticks)
      #expect(now >= last)
      last = now
    }
  }

  @Test(arguments: [0, 999_999, 100_000_000_001, .max] as [UInt64])
  func anImpossibleFrequencyIsNoClock(frequency: UInt64) {
    #expect(TickClock(ticksPerSecond: frequency, origin: 0) == nil)
  }
}
