import Packets
import Testing

@testable import Drivers

@Suite struct PCIBaseAddressTests {
  private func range(
    _ bus: FakePCIBus, _ index: UInt8 = 4, _ window: inout PCIMemoryWindow
  ) -> PCIBaseAddress? {
    PCIFunction(at: VirtioFunction.address, bus)?
      .baseAddress(index, assigningFrom: &window, bus)
  }

  private var noWindow: PCIMemoryWindow {
    PCIMemoryWindow(start: DeviceAddress(0), end: DeviceAddress(0))
  }

  @Test(arguments: [0xFEBF_0000, 0x80_0000_4000] as [UInt64])
  func aPlacedRangeIsSizedAndStaysWhereItIs(place: UInt64) {
    let bus = VirtioFunction.bus(placedAt: place)
    var window = noWindow
    let found = range(bus, 4, &window)
    #expect(found == PCIBaseAddress(address: DeviceAddress(place), byteCount: 0x4000))
    #expect(UInt64(bus.read32(VirtioFunction.address, at: 0x20) & ~15) == place & 0xFFFF_FFFF)
    #expect(UInt64(bus.read32(VirtioFunction.address, at: 0x24)) == place >> 32)
  }

  @Test func anUnplacedRangeIsPlacedOnItsOwnAlignment() {
    let bus = VirtioFunction.bus(placedAt: 0)
    var window = PCIMemoryWindow(
      start: DeviceAddress(0xC000_1000), end: DeviceAddress(0xD000_0000))
    let found = range(bus, 4, &window)
    #expect(found == PCIBaseAddress(address: DeviceAddress(0xC000_4000), byteCount: 0x4000))
    #expect(bus.read32(VirtioFunction.address, at: 0x20) == 0xC000_4004)
    // The next one does not overlap.
    bus.functions[VirtioFunction.address]?.addRange(4, byteCount: 0x1000)
    #expect(range(bus, 4, &window)?.address == DeviceAddress(0xC000_8000))
  }

  @Test func sizingLeavesTheCommandRegisterAsItWas() {
    let bus = VirtioFunction.bus()
    bus.write16(0x0506, VirtioFunction.address, at: 4)
    var window = noWindow
    _ = range(bus, 4, &window)
    #expect(bus.read16(VirtioFunction.address, at: 4) == 0x0506)
  }

  @Test func rangesThatAreNoMemoryAreNil() {
    let bus = VirtioFunction.bus()
    var window = noWindow
    // Not implemented, the upper half of a pair, no such register.
    #expect(range(bus, 0, &window) == nil)
    #expect(range(bus, 5, &window) == nil)
    #expect(range(bus, 6, &window) == nil)
    // I/O ports, a reserved type, and a 64-bit register without a second half.
    for (index, value) in [(0, 0xC001), (1, 0x1002), (5, 0x1004)] as [(Int, UInt32)] {
      bus.functions[VirtioFunction.address]?.set(value, at: 0x10 + 4 * index)
      bus.functions[VirtioFunction.address]?.writable[0x10 + 4 * index] = ~0xFFF
      #expect(range(bus, UInt8(index), &window) == nil)
    }
  }

  @Test func aWindowThatIsTooSmallGivesNothing() {
    let bus = VirtioFunction.bus(placedAt: 0)
    var window = PCIMemoryWindow(
      start: DeviceAddress(0xC000_1000), end: DeviceAddress(0xC000_7FFF))
    #expect(range(bus, 4, &window) == nil)
    var last = PCIMemoryWindow(start: DeviceAddress(.max - 5), end: DeviceAddress(.max))
    #expect(range(bus, 4, &last) == nil)
  }

  @Test func aNarrowRegisterIsNotPlacedAbove4GiB() {
    var window = PCIMemoryWindow(
      start: DeviceAddress(0x1_0000_0000), end: DeviceAddress(0x2_0000_0000))
    let bus = FakePCIBus()
    var function = FakePCIBus.Function()
    function.writable[0x10] = ~0xFFF
    bus.functions[VirtioFunction.address] = function
    #expect(range(bus, 0, &window) == nil)
  }
}
