import Testing

@testable import HostNetwork

@Suite struct GuestMemoryTests {
  @Test func whatIsWrittenIsRead() throws {
    let memory = try GuestMemory(byteCount: 1 << 20)
    #expect(memory.write([1, 2, 3], at: 4096))
    #expect(memory.read(at: 4095, byteCount: 5) == [0, 1, 2, 3, 0])
  }

  static let outside: [(UInt64, Int)] = [
    (0xF_FFFF, 2), (0x10_0000, 1), (UInt64.max, 1), (UInt64.max - 3, 8), (0x1_0000_0000, 1),
    (0xFFFF_FFFF, 2), (0, 0x10_0001),
  ]

  @Test(arguments: outside)
  func nothingOutsideRAMIsReached(address: UInt64, byteCount: Int) throws {
    let memory = try GuestMemory(byteCount: 1 << 20)
    #expect(memory.read(at: address, byteCount: byteCount) == nil)
    #expect(!memory.write(ArraySlice(repeating: 0, count: byteCount), at: address))
  }

  @Test func memoryAboveThreeGibibytesGoesOnAtFour() throws {
    let memory = try GuestMemory(byteCount: GuestMemory.lowLimit + 4096)
    #expect(memory.regions.count == 2)
    #expect(memory.write([7], at: (1 << 32) + 4095))
    #expect(memory.read(at: (1 << 32) + 4095, byteCount: 1) == [7])
    #expect(memory.read(at: GuestMemory.lowLimit - 1, byteCount: 2) == nil)
    #expect(memory.read(at: (1 << 32) + 4095, byteCount: 2) == nil)
  }
}
