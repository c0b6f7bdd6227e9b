import Testing

@testable import Dataplane

@Suite struct MemoryPlanTests {
  @Test(
    arguments: [
      // What a guest of 16 MiB has left, of 64 MiB, of 256 MiB, of 64 GiB.
      (11 << 20, 4 << 20, 2048), (60 << 20, 16 << 20, 8192), (250 << 20, 64 << 20, 32768),
      (64 << 30, 256 << 20, 1 << 20),
      // 2 GiB: enough for 250,000 connections.
      (2040 << 20, 256 << 20, 1 << 18),
    ] as [(Int, Int, Int)])
  func everythingGrowsWithTheMemory(byteCount: Int, pool: Int, connections: Int) throws {
    let plan = try #require(MemoryPlan(byteCount: UInt64(byteCount)))
    #expect(plan.poolByteCount == pool)
    #expect(plan.connectionLimit == connections)
  }

  @Test func partsAreWholePagesAndFit() {
    for megabytes in 7..<2000 {
      let byteCount = UInt64(megabytes) << 20 + 4096
      guard let plan = MemoryPlan(byteCount: byteCount) else {
        Issue.record("no plan for \(megabytes) MiB")
        continue
      }
      let sum = plan.poolByteCount + plan.heapByteCount + plan.arenaByteCount
      #expect(sum <= Int(byteCount))
      #expect(Int(byteCount) - sum < MemoryPlan.largePageByteCount)
      #expect(plan.poolByteCount % MemoryPlan.largePageByteCount == 0)
      #expect(plan.heapByteCount % MemoryPlan.largePageByteCount == 0)
      #expect(plan.heapByteCount > 0)
      #expect(plan.connectionLimit >= 512)
    }
  }

  @Test(arguments: [0, 4096, 1 << 20, 4 << 20, 5 << 20])
  func tooLittleIsNoPlan(byteCount: Int) {
    #expect(MemoryPlan(byteCount: UInt64(byteCount)) == nil)
  }

  @Test func theMostThereCanBeIsNotTooMuch() {
    #expect(MemoryPlan(byteCount: .max) != nil)
  }
}
