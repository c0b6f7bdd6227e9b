import IXABI
import Packets
import Testing

@testable import Dataplane

@Suite struct UserTimersTests {
  static func arm(_ number: UInt64, after nanoseconds: UInt64, cookie: UInt64) -> CallDescriptor {
    var call = CallDescriptor(.timerArm, handle: number, byteCount: nanoseconds)
    call.cookie = cookie
    return call
  }

  @Test func aTimerFiresOnceInOrderAndNeverEarly() {
    var pair = ThreadPair()
    let start = pair.now
    let armed = pair.client.turn(
      [
        Self.arm(3, after: 5_000_000, cookie: 30), Self.arm(7, after: 1_000_000, cookie: 70),
        Self.arm(0, after: 2_000_000, cookie: 1),
      ], at: start)
    #expect(armed.isEmpty)
    var fired: [(UInt64, UInt64, UInt64)] = []
    for step in 1...600 as ClosedRange<UInt64> {
      for event in pair.client.turn(at: start + .microseconds(10 * step)) {
        #expect(event.kind == EventKind.timerFired.rawValue)
        fired.append((event.handle, event.cookie, step * 10))
      }
    }
    let numbers = fired.map(\.0)
    #expect(numbers == [7, 0, 3])
    let cookies = fired.map(\.1)
    #expect(cookies == [70, 1, 30])
    for (time, wanted) in zip(fired.map(\.2), [1000, 2000, 5000] as [UInt64]) {
      #expect(time >= wanted && time <= wanted + 30)
    }
  }

  @Test func armingAgainMovesATimerAndCancellingEndsIt() {
    var pair = ThreadPair()
    let start = pair.now
    _ = pair.client.turn(
      [
        Self.arm(1, after: 1_000_000, cookie: 1), Self.arm(1, after: 3_000_000, cookie: 2),
        Self.arm(2, after: 1_000_000, cookie: 3), CallDescriptor(.timerCancel, handle: 2),
        CallDescriptor(.timerCancel, handle: 5),
      ], at: start)
    let results = (0..<5).map { pair.client.result($0) }
    #expect(results == [0, 0, 0, 0, 0])
    let before = pair.client.turn(at: start + .milliseconds(2))
    #expect(before.isEmpty)
    let after = pair.client.turn(at: start + .milliseconds(4)).map(\.cookie)
    #expect(after == [2])
    let later = pair.client.turn(at: start + .seconds(1))
    #expect(later.isEmpty)
  }

  @Test func numbersThatDoNotExistAreRefusedAndNoIntervalIsTooLong() {
    var pair = ThreadPair()
    _ = pair.client.turn(
      [
        Self.arm(8, after: 1, cookie: 1), Self.arm(.max, after: 1, cookie: 1),
        CallDescriptor(.timerCancel, handle: 8), Self.arm(0, after: .max, cookie: 1),
      ], at: pair.now)
    let results = (0..<4).map { pair.client.result($0) }
    let refused = Status.badArgument.result
    #expect(results == [refused, refused, refused, 0])
    let events = pair.client.turn(at: pair.now + .seconds(100_000))
    #expect(events.isEmpty)
  }

  @Test func timersWithoutRoomWaitAndLeaveSomeToTheNetwork() {
    var pair = ThreadPair(eventCount: 4)
    let calls = (0..<8).map { Self.arm($0, after: 0, cookie: $0) }
    _ = pair.server.turn(calls, at: pair.now)
    let later = pair.now + .microseconds(20)
    var counts: [Int] = []
    for _ in 0..<5 { counts.append(pair.server.turn(at: later).count) }
    #expect(counts == [2, 2, 2, 2, 0])
  }
}
