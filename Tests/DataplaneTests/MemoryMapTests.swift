import Testing

@testable import Dataplane

@Suite struct MemoryMapTests {
  static func extents(_ map: MemoryMap) -> [MemoryMap.Extent] {
    (0..<map.count).map { map[$0] }
  }
  static func extent(_ start: UInt64, _ end: UInt64) -> MemoryMap.Extent {
    MemoryMap.Extent(start: start, end: end)
  }

  @Test func memoryIsSortedMergedAndMadeOfWholePages() {
    var map = MemoryMap()
    map.add(start: 0x10_0000, byteCount: 0x10_0000)
    map.add(start: 0, byteCount: 0x9_FC00)
    map.add(start: 0x20_0000, byteCount: 0x1000)
    #expect(Self.extents(map) == [Self.extent(0, 0x9_F000), Self.extent(0x10_0000, 0x20_1000)])
    #expect(map.byteCount == 0x9_F000 + 0x10_1000)
  }

  @Test(
    arguments: [
      (0x1001, 0xFFF), (0x1000, 0), (UInt64.max - 10, 5), (UInt64.max - 10, 100),
    ] as [(UInt64, UInt64)])
  func lessThanAPageIsNothing(start: UInt64, byteCount: UInt64) {
    var map = MemoryMap()
    map.add(start: start, byteCount: byteCount)
    #expect(map.count == 0)
  }

  @Test func overlappingMemoryCountsOnce() {
    var map = MemoryMap()
    map.add(start: 0x1000, byteCount: 0x4000)
    map.add(start: 0x2000, byteCount: 0x1000)
    map.add(start: 0x4000, byteCount: 0x4000)
    #expect(Self.extents(map) == [Self.extent(0x1000, 0x8000)])
  }

  @Test func removingSplitsAndRoundsOutward() {
    var map = MemoryMap()
    map.add(start: 0x1000, byteCount: 0x9000)
    map.remove(start: 0x3001, byteCount: 1)
    #expect(Self.extents(map) == [Self.extent(0x1000, 0x3000), Self.extent(0x4000, 0xA000)])
    map.remove(start: 0, byteCount: .max)
    #expect(map.count == 0)
  }

  @Test func removingToTheEndOfTheAddressSpaceDoesNotWrap() {
    var map = MemoryMap()
    map.add(start: 0x1000, byteCount: 0x9000)
    map.remove(start: 0x5000, byteCount: .max)
    #expect(Self.extents(map) == [Self.extent(0x1000, 0x5000)])
    map.remove(start: .max - 1, byteCount: 1)
    map.remove(start: 0x2000, byteCount: 0)
    #expect(Self.extents(map) == [Self.extent(0x1000, 0x5000)])
  }

  @Test func takingGivesTheLowestFit() {
    var map = MemoryMap()
    map.add(start: 0x1000, byteCount: 0x2000)
    map.add(start: 0x10_0000, byteCount: 0x60_0000)
    let requests: [(UInt64, UInt64, UInt64?)] = [
      (0x1000, 0x1000, 0x1000), (0x2000, 0x1000, 0x10_0000), (0x20_0000, 0x20_0000, 0x20_0000),
      (1, 0x1000, 0x2000), (0x100_0000, 0x1000, nil),
    ]
    for (byteCount, alignment, expected) in requests {
      let start = map.take(byteCount: byteCount, alignment: alignment)
      #expect(start == expected)
    }
    #expect(map.largestByteCount(alignment: 0x20_0000) == 0x30_0000)
  }

  @Test func whatWasTakenIsNeverTakenAgain() {
    var map = MemoryMap()
    map.add(start: 0, byteCount: 1 << 20)
    var taken: [ClosedRange<UInt64>] = []
    while let start = map.take(byteCount: 0x5000, alignment: 0x4000) {
      let range = start...(start + 0x4FFF)
      #expect(!taken.contains { $0.overlaps(range) })
      taken.append(range)
    }
    #expect(taken.count > 25)
  }

  @Test func tooManyRangesAreDroppedNotOverrun() {
    var map = MemoryMap()
    for index in 0..<200 { map.add(start: UInt64(index) << 16, byteCount: 4096) }
    #expect(map.count == MemoryMap.limit)
  }
}
