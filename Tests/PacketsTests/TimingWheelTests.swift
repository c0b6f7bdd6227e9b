import TestSupport
import Testing

@testable import Packets

struct ArenaTooSmall: Error {}

@Suite struct TimingWheelTests {
  static func wheel(_ memory: TestMemory, count: Int = 16, now: UInt64 = 0) throws -> TimingWheel {
    var arena = memory.arena
    guard let wheel = TimingWheel(count: count, now: Instant(nanoseconds: now), arena: &arena)
    else { throw ArenaTooSmall() }
    return wheel
  }

  @Test(
    arguments: [
      0, 1, 16_384, 16_385, 4_000_000, 4_194_304, 5_000_000, 1_073_741_824, 2_000_000_000,
      300_000_000_000, 80_000_000_000_000,
    ] as [UInt64], [0, 16_383, 4_194_303, 123_456_789_123] as [UInt64])
  func aTimerFiresNeverEarlyAndAtMostOneSlotLate(delay: UInt64, start: UInt64) throws {
    let memory = TestMemory(byteCount: 1 << 16)
    var wheel = try Self.wheel(memory, now: start)
    let deadline = start + delay
    wheel.arm(3, at: Instant(nanoseconds: deadline))
    // A tick that has begun already when the deadline lies in it counts as passed only at its end.
    let early = wheel.popExpired(at: Instant(nanoseconds: max(deadline, 1) - 1))
    if delay > 0 { #expect(early == nil) }
    let fired = early ?? wheel.popExpired(at: Instant(nanoseconds: deadline + 16_384))
    #expect(fired == 3)
    let armedCount = wheel.armedCount
    #expect(armedCount == 0)
  }

  @Test func timersFireInOrderOfTheirSlotsHoweverTheyWereArmed() throws {
    let memory = TestMemory(byteCount: 1 << 20)
    let count = 2000
    var wheel = try Self.wheel(memory, count: count)
    var random = SystemRandomNumberGenerator()
    var deadlines: [UInt64] = []
    for timer in 0..<count {
      let deadline = UInt64.random(in: 0..<(20_000_000_000), using: &random)
      deadlines.append(deadline)
      wheel.arm(UInt32(timer), at: Instant(nanoseconds: deadline))
    }
    var fired: [UInt64] = []
    var now: UInt64 = 0
    while wheel.armedCount > 0 {
      now += 1_000_000
      while let timer = wheel.popExpired(at: Instant(nanoseconds: now)) {
        #expect(deadlines[Int(timer)] <= now)
        #expect(deadlines[Int(timer)] + 1_000_000 + 16_384 >= now)
        fired.append(deadlines[Int(timer)] >> 14)
      }
    }
    #expect(fired.count == count)
    #expect(zip(fired, fired.dropFirst()).allSatisfy { $0 <= $1 + 1 })
  }

  @Test func aCancelledTimerNeverFiresAndARearmedOneFiresOnce() throws {
    let memory = TestMemory(byteCount: 1 << 16)
    var wheel = try Self.wheel(memory)
    wheel.arm(0, at: Instant(nanoseconds: 1_000_000))
    wheel.arm(1, at: Instant(nanoseconds: 1_000_000))
    wheel.arm(2, at: Instant(nanoseconds: 1_000_000))
    wheel.cancel(1)
    wheel.cancel(1)
    wheel.arm(2, at: Instant(nanoseconds: 9_000_000_000))
    let fired = [2_000_000, 8_000_000_000, 9_100_000_000, 99_000_000_000].map {
      wheel.popExpired(at: Instant(nanoseconds: $0))
    }
    #expect(fired == [0, nil, 2, nil])
  }

  @Test func theEarliestDeadlineIsNeverLaterThanTheFirstTimer() throws {
    let memory = TestMemory(byteCount: 1 << 16)
    var wheel = try Self.wheel(memory)
    let none = wheel.earliestDeadline
    #expect(none == nil)
    for delay in [20_000, 3_000_000, 40_000_000, 7_000_000_000] as [UInt64] {
      wheel.arm(0, at: Instant(nanoseconds: delay))
      let earliest = wheel.earliestDeadline
      #expect(try #require(earliest).nanoseconds <= delay + 16_384)
    }
  }
}
