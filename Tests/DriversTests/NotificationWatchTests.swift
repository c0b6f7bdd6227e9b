import Packets
import Testing

@testable import Drivers

@Suite struct NotificationWatchTests {
  private func at(_ microseconds: UInt64) -> Instant {
    Instant(nanoseconds: microseconds * 1_000)
  }

  @Test func silenceOfAMillisecondIsOverdueAndThenRarer() {
    var watch = NotificationWatch()
    var overdue: [UInt64] = []
    for time in stride(from: 0 as UInt64, through: 20_000, by: 100) {
      if watch.isOverdue(now: at(time), progress: 7, hasWork: true) { overdue.append(time) }
    }
    #expect(overdue == [1_000, 3_000, 7_000, 15_000])
  }

  @Test func progressStartsAnew() {
    var watch = NotificationWatch()
    var progress: UInt16 = 0
    for time in stride(from: 0 as UInt64, through: 20_000, by: 500) {
      progress &+= 1
      let isOverdue = watch.isOverdue(now: at(time), progress: progress, hasWork: true)
      #expect(!isOverdue)
    }
  }

  @Test func aQueueWithoutWorkIsNeverOverdue() {
    var watch = NotificationWatch()
    for time in stride(from: 0 as UInt64, through: 20_000, by: 500) {
      let isOverdue = watch.isOverdue(now: at(time), progress: 0, hasWork: false)
      #expect(!isOverdue)
    }
    // Work that arrives late gets its whole millisecond.
    let first = watch.isOverdue(now: at(20_001), progress: 0, hasWork: true)
    let second = watch.isOverdue(now: at(20_900), progress: 0, hasWork: true)
    let third = watch.isOverdue(now: at(21_001), progress: 0, hasWork: true)
    #expect(!first && !second && third)
  }
}
