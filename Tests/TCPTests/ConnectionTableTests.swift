import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

@Suite struct ConnectionTableTests {
  static func flow(_ number: Int) -> Flow {
    Flow(
      localAddress: IPv4Address(10, 0, 0, 2), remoteAddress: IPv4Address(UInt32(number >> 4)),
      localPort: 7, remotePort: UInt16(number & 15))
  }

  /// Compared with a dictionary over a long random history.
  @Test func insertionAndRemovalKeepEveryOtherFlowFindable() throws {
    let capacity = 1000
    let memory = TestMemory(byteCount: 1 << 20)
    var arena = memory.arena
    let configuration = Configuration()
    guard
      var connections = arena.carve(
        count: capacity,
        repeating: Connection<Cubic>(generation: 1, configuration: configuration)),
      var table = ConnectionTable(capacity: capacity, key: (3, 5), arena: &arena)
    else { throw Unexpected() }
    var model: [Int: UInt32] = [:]
    var free = Array(0..<UInt32(capacity))
    var random = SeededGenerator(state: 1)
    for _ in 0..<50_000 {
      let number = Int.random(in: 0..<2000, using: &random)
      if let index = model[number] {
        table.remove(index, flow: Self.flow(number))
        model[number] = nil
        free.append(index)
      } else if let index = free.popLast() {
        connections[index].flow = Self.flow(number)
        table.insert(index, flow: Self.flow(number))
        model[number] = index
      }
      let probe = Int.random(in: 0..<2000, using: &random)
      let found = table.find(Self.flow(probe), in: connections)
      #expect(found == model[probe])
    }
    let count = table.count
    #expect(count == model.count)
  }
}
