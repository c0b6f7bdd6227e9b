import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// Segments behind gaps, compared with a plain set of the numbers that have arrived.
@Suite struct ReassemblyQueueTests {
  struct Bench: ~Copyable {
    private let memory = TestMemory(byteCount: 1 << 20)
    private let buffers = TestMemory(byteCount: 512 * PacketPool.bufferByteCount)
    var pool: PacketPool
    var queue = ReassemblyQueue()

    init() {
      var arena = memory.arena
      guard let pool = PacketPool(memory: buffers.region, arena: &arena) else {
        fatalError("the arena is too small")
      }
      self.pool = pool
    }

    mutating func insert(_ range: Range<UInt32>) -> ReassemblyQueue.Insertion {
      guard let buffer = pool.allocate()?.relinquish() else { fatalError("no buffer is free") }
      pool[buffer].sequence = range.lowerBound
      pool[buffer].payloadByteCount = UInt16(range.count)
      let result = queue.insert(buffer, pool: &pool)
      if result != .kept { pool.release(PacketBuffer(adopting: buffer)) }
      return result
    }

    func report(_ limit: Int = 4, duplicate: UInt32? = nil) -> [Range<UInt32>] {
      var blocks = InlineArray<4, SACKBlock>(repeating: SACKBlock(start: 0, end: 0))
      let count = queue.report(
        into: &blocks, from: 0, limit: limit, duplicate: duplicate.map { SequenceNumber($0) },
        pool: pool)
      return (0..<count).map { blocks[$0].start..<blocks[$0].end }
    }

    /// All runs, in order.
    func runs() -> [Range<UInt32>] {
      var runs: [Range<UInt32>] = []
      var run = queue.head
      while run != PacketPool.none {
        let block = queue.block(of: run, pool: pool)
        runs.append(block.start..<block.end)
        run = pool[pool[run].runEnd].next
      }
      return runs
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func whatArrivesInAnyOrderIsHeldOnce(seed: UInt64) {
    var random = SeededGenerator(state: seed)
    var bench = Bench()
    var expected: Set<UInt32> = []
    for _ in 0..<300 {
      let start = UInt32.random(in: 1000..<2000, using: &random)
      let range = start..<(start + UInt32.random(in: 1...60, using: &random))
      let isNews = !expected.isSuperset(of: range)
      let result = bench.insert(range)
      #expect(result == (isNews ? .kept : .duplicate))
      expected.formUnion(range)
      let runs = bench.runs()
      #expect(Set(runs.joined()) == expected && runs.map(\.count).reduce(0, +) == expected.count)
      #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      let (held, free) = (Int(bench.queue.bufferCount), bench.pool.freeCount)
      #expect(held == bench.pool.count - free)
      if Int.random(in: 0..<8, using: &random) == 0, let first = runs.first {
        take(&bench, from: first.lowerBound, &expected)
      }
    }
    bench.queue.removeAll(pool: &bench.pool)
    let free = bench.pool.freeCount
    #expect(free == bench.pool.count)
  }

  /// The gap before `next` has been filled: the run behind it is taken, and no more.
  private func take(_ bench: inout Bench, from next: UInt32, _ expected: inout Set<UInt32>) {
    var end = next
    while let buffer = bench.queue.popReady(at: SequenceNumber(end), pool: &bench.pool) {
      #expect(bench.pool.start(of: buffer).rawValue == end)
      end = bench.pool.end(of: buffer).rawValue
      bench.pool.release(PacketBuffer(adopting: buffer))
    }
    #expect(!expected.contains(end))
    expected.subtract(next..<end)
  }

  @Test func runsAreReportedByHowLatelyTheyChanged() {
    var bench = Bench()
    for start in stride(from: 100, to: 700, by: 100) as StrideTo<UInt32> {
      _ = bench.insert(start..<(start + 10))
    }
    #expect(bench.report() == [600..<610, 500..<510, 400..<410, 100..<110])
    _ = bench.insert(210..<220)
    #expect(bench.report() == [200..<220, 600..<610, 500..<510, 100..<110])
    _ = bench.insert(510..<520)
    #expect(bench.report(3) == [500..<520, 200..<220, 600..<610])
    // What joins two runs makes one of them.
    _ = bench.insert(520..<600)
    #expect(bench.report(3) == [500..<610, 200..<220, 100..<110])
    // RFC 2883, section 4: behind a duplicate comes what it is a part of.
    #expect(bench.report(2, duplicate: 305) == [300..<310, 500..<610])
  }

  /// Hundreds of segments behind one gap are one run: a late one among them is not far away.
  @Test func aLateSegmentAmongManyFindsItsPlace() {
    var bench = Bench()
    for index in 0..<300 as Range<UInt32> where index != 250 {
      #expect(bench.insert((1000 + index * 10)..<(1010 + index * 10)) == .kept)
    }
    #expect(bench.insert(3500..<3510) == .kept)
    #expect(bench.runs() == [1000..<4000])
    #expect(bench.insert(3500..<3510) == .duplicate)
  }

  @Test func whatLiesBehindTooManyGapsIsNotCalledADuplicate() {
    var bench = Bench()
    let count = UInt32(ReassemblyQueue.walkLimit) + 20
    for index in 0..<count { #expect(bench.insert((index * 10)..<(index * 10 + 1)) == .kept) }
    #expect(bench.insert((count * 10 - 25)..<(count * 10 - 24)) == .tooFar)
    #expect(bench.insert((count * 10)..<(count * 10 + 1)) == .kept)
  }
}
