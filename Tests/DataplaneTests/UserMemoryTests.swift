import Packets
import TestSupport
import Testing

@testable import Dataplane

@Suite struct UserMemoryTests {
  let storage = TestMemory(byteCount: UserMemory.storageByteCount)

  static func region(_ base: UInt64, _ byteCount: Int, at kernel: UInt64, writable: Bool)
    -> UserMemory.Region
  {
    UserMemory.Region(
      base: UserAddress(base),
      memory: MemoryRegion(base: KernelAddress(kernel), byteCount: byteCount),
      isWritable: writable)
  }

  /// [0x1000, 0x2000) read-only, [0x2000, 0x4000) writable, far apart in the kernel.
  func twoRegions() -> UserMemory {
    var memory = UserMemory(storage: storage.region)
    let first = memory.add(Self.region(0x1000, 0x1000, at: 0xFFFF_8000_0010_0000, writable: false))
    let second = memory.add(Self.region(0x2000, 0x2000, at: 0xFFFF_8000_0000_0000, writable: true))
    #expect(first && second)
    return memory
  }

  @Test(
    arguments: [
      (0x1000, 1, 0xFFFF_8000_0010_0000),
      (0x1FFF, 1, 0xFFFF_8000_0010_0FFF), (0x1000, 0x1000, 0xFFFF_8000_0010_0000),
      (0x2000, 0x2000, 0xFFFF_8000_0000_0000), (0x3FFF, 1, 0xFFFF_8000_0000_1FFF),
      (0x2000, 0, 0xFFFF_8000_0000_0000),
    ] as [(UInt64, UInt64, UInt64)])
  func aRangeInsideARegionIsFound(address: UInt64, byteCount: UInt64, kernel: UInt64) {
    let found = twoRegions().kernelAddress(
      of: UserAddress(address), byteCount: byteCount, writable: false)
    #expect(found == KernelAddress(kernel))
  }

  @Test(
    arguments: [
      (0, 1), (0xFFF, 1), (0xFFF, 2), (0x1FFF, 2), (0x1000, 0x1001), (0x4000, 0),
      (0x4000, 1), (0x3FFF, 2), (0x1000, .max), (0x1001, .max), (0x3FFF, .max), (.max, 1),
      (.max, .max), (0xFFFF_8000_0000_0000, 8), (0xFFFF_FFFF_8010_0000, 8), (0, .max), (0, 0x2000),
    ] as [(UInt64, UInt64)])
  func aRangeOutsideIsRefused(address: UInt64, byteCount: UInt64) {
    let found = twoRegions().kernelAddress(
      of: UserAddress(address), byteCount: byteCount, writable: false)
    #expect(found == nil)
  }

  @Test func onlyAWritableRegionMayBeWritten() {
    let memory = twoRegions()
    #expect(memory.kernelAddress(of: UserAddress(0x1000), byteCount: 1, writable: true) == nil)
    #expect(memory.kernelAddress(of: UserAddress(0x2000), byteCount: 1, writable: true) != nil)
  }

  @Test(
    arguments: [
      (0x1000, 0x1000), (0x0, 0x1001), (0x1FFF, 2), (0x3FFF, 1), (0, 0x10000),
      (0x5000, 0), (UInt64.max, 2),
    ] as [(UInt64, Int)])
  func anOverlappingEmptyOrWrappingRegionIsRefused(base: UInt64, byteCount: Int) {
    var memory = twoRegions()
    let isAdded = memory.add(Self.region(base, byteCount, at: 0x9000_0000, writable: true))
    #expect(!isAdded)
    #expect(memory.count == 2)
  }

  @Test func thereAreAtMostSixteenRegions() {
    var memory = UserMemory(storage: storage.region)
    for index in 0..<16 {
      let isAdded = memory.add(
        Self.region(UInt64(index) << 12, 4096, at: UInt64(index) << 12, writable: true))
      #expect(isAdded)
    }
    let isOneMoreAdded = memory.add(Self.region(1 << 20, 4096, at: 0, writable: true))
    #expect(!isOneMoreAdded)
    let last = memory.kernelAddress(of: UserAddress(0xF123), byteCount: 4, writable: true)
    #expect(last == KernelAddress(0xF123))
  }

  @Test func anEmptyMemoryHasNothing() {
    let memory = UserMemory(storage: storage.region)
    #expect(memory.kernelAddress(of: UserAddress(0), byteCount: 0, writable: false) == nil)
  }
}
