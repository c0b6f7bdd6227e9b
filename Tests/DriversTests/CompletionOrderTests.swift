import TestSupport
import Testing

@testable import Drivers

@Suite struct CompletionOrderTests {
  @Test func inOrderEveryFrameCountsAtOnce() {
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    var order = CompletionOrder(capacity: 8, arena: &arena)!
    for expected in 1...100 as ClosedRange<UInt32> {
      let ticket = order.issue()
      order.finish(ticket)
      let completed = order.completed
      #expect(ticket == expected && completed == expected)
    }
  }

  @Test func aLateFrameHoldsTheCountBack() {
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    var order = CompletionOrder(capacity: 8, arena: &arena)!
    for _ in 0..<5 { _ = order.issue() }
    var counts: [UInt32] = []
    for ticket in [3, 2, 5, 1, 4] as [UInt32] {
      order.finish(ticket)
      counts.append(order.completed)
    }
    #expect(counts == [0, 0, 0, 3, 5])
  }

  @Test func aFrameThatNeverFinishesStopsNewTickets() {
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    var order = CompletionOrder(capacity: 8, arena: &arena)!
    _ = order.issue()
    var issued = 1
    while order.canIssue {
      order.finish(order.issue())
      issued += 1
    }
    let before = order.completed
    order.finish(1)
    let after = order.completed
    let canIssue = order.canIssue
    #expect(issued == 8 && before == 0 && after == 8 && canIssue)
  }

  @Test func finishingAllForgetsWhatCameEarly() {
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    var order = CompletionOrder(capacity: 4, arena: &arena)!
    for _ in 0..<4 { _ = order.issue() }
    order.finish(3)
    order.finishAll()
    for _ in 0..<4 { _ = order.issue() }
    order.finish(5)
    let completed = order.completed
    #expect(completed == 5)
  }
}
