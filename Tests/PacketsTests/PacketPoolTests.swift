import TestSupport
import Testing

@testable import Packets

@Suite struct PacketPoolTests {
  struct NoPool: Error {}

  let buffers = TestMemory(byteCount: 8 * PacketPool.bufferByteCount)
  let tables = TestMemory(byteCount: 4096)

  func pool() throws -> PacketPool {
    var arena = tables.arena
    guard let pool = PacketPool(memory: buffers.region, arena: &arena) else { throw NoPool() }
    return pool
  }

  @Test func everyBufferIsGivenOutOnceAndThenNone() throws {
    var pool = try pool()
    var indices: Set<UInt32> = []
    while let buffer = pool.allocate() { indices.insert(buffer.relinquish()) }
    #expect(indices == Set(0..<8))
    let freeCount = pool.freeCount
    #expect(freeCount == 0)
    for index in indices { pool.release(PacketBuffer(adopting: index)) }
    let freeAgain = pool.freeCount
    #expect(freeAgain == 8)
  }

  @Test func aRetainedBufferIsFreeOnlyAfterItsLastReference() throws {
    var pool = try pool()
    guard let first = pool.allocate() else { throw NoPool() }
    let index = first.index
    let second = pool.retain(index)
    pool.release(first)
    let heldCount = pool.freeCount
    #expect(heldCount == 7)
    pool.release(second)
    let freeCount = pool.freeCount
    #expect(freeCount == 8)
    let canRetain = pool.canRetain(index)
    #expect(!canRetain)
  }

  @Test func anAddressLeadsBackToItsBuffer() throws {
    let pool = try pool()
    for index in 0..<UInt32(8) {
      let address = pool.address(of: index)
      let containing = [0, 1, PacketPool.bufferByteCount - 1].map {
        pool.index(containing: address + $0)
      }
      #expect(containing == [index, index, index])
    }
    let start = pool.address(of: 0)
    let outside = [-1, 8 * PacketPool.bufferByteCount].map { pool.index(containing: start + $0) }
    #expect(outside == [nil, nil])
  }

  @Test func anArenaThatIsTooSmallYieldsNoPool() {
    var arena = TestMemory(byteCount: 64).arena
    let pool = PacketPool(memory: buffers.region, arena: &arena)
    let isNil = pool == nil
    #expect(isNil)
  }
}
