import Packets
import TestSupport
import Testing

@Suite struct TableTests {
  struct NoTable: Error {}

  let memory = TestMemory(byteCount: 4096)

  init() { memory.bytes.initializeMemory(as: UInt8.self, repeating: 0xA5) }

  @Test func aFullTableHoldsCopiesOfItsElement() throws {
    var arena = memory.arena
    guard let table = arena.carve(count: 100, repeating: 7 as UInt64) else { throw NoTable() }
    let elements = (0..<table.count).map { table[$0] }
    #expect(elements == Array(repeating: 7, count: 100))
  }

  @Test func aGrowingTableTouchesOnlyWhatIsAppended() throws {
    var arena = memory.arena
    guard var table = arena.carve(capacity: 4, of: UInt64.self) else { throw NoTable() }
    let first = [table.append(10), table.append(11)]
    let (count, second) = (table.count, table[1 as UInt32])
    #expect(first == [0, 1])
    #expect(count == 2)
    #expect(second == 11)
    #expect(memory.bytes[16...].allSatisfy { $0 == 0xA5 })
    let others = [table.append(12), table.append(13), table.append(14)]
    let full = table.count
    #expect(others == [2, 3, nil])
    #expect(full == 4)
  }

  @Test(arguments: [(512, true), (513, false), (-1, false), (Int.max, false)])
  func roomIsTakenBeforeItIsUsed(capacity: Int, fits: Bool) {
    var arena = memory.arena
    let isCarved = arena.carve(capacity: capacity, of: UInt64.self) != nil
    #expect(isCarved == fits)
    #expect(arena.remainingByteCount == (fits ? 0 : 4096))
  }
}
