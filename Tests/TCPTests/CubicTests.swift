import Foundation
import Packets
import Testing

@testable import TCP

/// CUBIC against the equations of RFC 9438, in floating point.
@Suite struct CubicTests {
  static let segment: UInt32 = 1460

  static func acknowledge(
    _ cubic: inout Cubic, _ byteCount: UInt32 = segment, roundTrip: UInt32 = 100_000,
    at now: Instant
  ) {
    cubic.acknowledged(
      Acknowledgment(
        byteCount: byteCount, maximumSegment: segment, isWindowLimited: true,
        smoothedRoundTrip: roundTrip, now: now))
  }

  @Test(arguments: [0, 1, 7, 8, 26, 27, 1_000_000, 999_999_999_999, 1 << 60, (1 << 63) - 1])
  func cubeRootsAreExact(value: UInt64) {
    let root = UInt64(Cubic.cubeRoot(value))
    #expect(root * root * root <= value)
    #expect(root == (1 << 21) - 1 || (root + 1) * (root + 1) * (root + 1) > value)
  }

  /// Section 4.2, equations 1 and 2.
  @Test(arguments: [10, 100, 1000, 100_000] as [Double])
  func theFunctionIsThatOfTheRFC(maximum: Double) {
    let bytes = UInt32(maximum * Double(Self.segment))
    let start = UInt32(Double(bytes) * 0.7)
    let period = Cubic.period(from: start, to: bytes, maximumSegment: Self.segment)
    let exact = cbrt((maximum - maximum * 0.7) / 0.4)
    #expect(abs(Double(period) / 1024 - exact) < 0.002)
    for step in 0..<40 {
      let time = Double(step) * exact / 16
      let expected = 0.4 * pow(time - exact, 3) + maximum
      let result = Cubic.window(
        at: UInt64(time * 1024), period: period, maximum: bytes, maximumSegment: Self.segment)
      let error = abs(Double(result) / Double(Self.segment) - expected)
      #expect(error < 0.01 * maximum + 0.1)
    }
  }

  @Test func farAwayTheFunctionDoesNotOverflow() {
    #expect(Cubic.window(at: .max, period: 0, maximum: 1 << 30, maximumSegment: 65_535) == 1 << 30)
    #expect(Cubic.window(at: 0, period: .max, maximum: 1000, maximumSegment: 65_535) == 0)
  }

  /// Section 4.6: beta = 0.7; section 4.7: fast convergence; section 4.9: undoing.
  @Test func aReductionIsByThreeTenthsAndCanBeUndone() {
    var cubic = Cubic(maximumSegment: Self.segment)
    let now = Instant(nanoseconds: 1)
    for _ in 0..<90 { Self.acknowledge(&cubic, at: now) }
    let before = cubic.window
    #expect(before == 100 * Self.segment)
    cubic.congested(inFlight: before, maximumSegment: Self.segment, now: now)
    #expect(cubic.window == before / 10 * 7)
    cubic.undone()
    #expect(cubic.window == before)
    cubic.timedOut(inFlight: before, maximumSegment: Self.segment, now: now)
    #expect(cubic.window == Self.segment)
    cubic.undone()
    #expect(cubic.window == before)
  }

  /// Section 4.4 and 4.5: with a long round trip the window is back at W_max after K, and grows
  /// faster and faster from there.
  @Test func theWindowIsBackAfterK() {
    var cubic = Cubic(maximumSegment: Self.segment)
    var now = Instant(nanoseconds: 1_000_000_000)
    for _ in 0..<990 { Self.acknowledge(&cubic, at: now) }
    let maximum = cubic.window
    cubic.congested(inFlight: maximum, maximumSegment: Self.segment, now: now)
    cubic.recovered(maximumSegment: Self.segment)
    let period = cbrt(300 / 0.4)  // 9.1 s
    let start = now
    while Double(now.since(start).microseconds) < period * 1e6 {
      for _ in 0..<(cubic.window / Self.segment) { Self.acknowledge(&cubic, at: now) }
      now = now + .milliseconds(100)
    }
    #expect(abs(Double(cubic.window) / Double(maximum) - 1) < 0.02)
    let half = now.since(start).microseconds / 2
    while now.since(start).microseconds < 5 * half {
      for _ in 0..<(cubic.window / Self.segment) { Self.acknowledge(&cubic, at: now) }
      now = now + .milliseconds(100)
    }
    #expect(cubic.window > maximum / 10 * 15)
  }

  /// Section 4.3: with a short round trip, alpha = 9/17 of a segment for each round trip.
  @Test func withShortRoundTripsItIsReno() {
    var cubic = Cubic(maximumSegment: Self.segment)
    var now = Instant(nanoseconds: 1_000_000_000)
    for _ in 0..<90 { Self.acknowledge(&cubic, at: now) }
    cubic.congested(inFlight: cubic.window, maximumSegment: Self.segment, now: now)
    cubic.recovered(maximumSegment: Self.segment)
    let start = cubic.window
    for _ in 0..<34 {
      for _ in 0..<(cubic.window / Self.segment) {
        Self.acknowledge(&cubic, roundTrip: 100, at: now)
      }
      now = now + .microseconds(100)
    }
    let growth = Double(cubic.window - start) / Double(Self.segment)
    #expect(abs(growth - 18) < 1.5)
  }

  /// Section 4.2: "the time interval during which the sender is idle" does not count.
  @Test func idlenessStartsFromTheInitialWindow() {
    var cubic = Cubic(maximumSegment: Self.segment)
    for _ in 0..<90 { Self.acknowledge(&cubic, at: Instant(nanoseconds: 1)) }
    cubic.idled(maximumSegment: Self.segment)
    #expect(cubic.window == 10 * Self.segment)
  }
}
