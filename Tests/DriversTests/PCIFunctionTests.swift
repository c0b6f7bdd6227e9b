import Testing

@testable import Drivers

@Suite struct PCIFunctionTests {
  private func addresses(_ bus: FakePCIBus) -> [PCIAddress] {
    var scan = PCIScan()
    var found: [PCIAddress] = []
    while let function = scan.next(bus) { found.append(function.address) }
    return found
  }

  @Test func theScanFindsEveryDeviceOfBusZero() {
    let bus = FakePCIBus()
    let expected = [0, 3, 31].map { PCIAddress(bus: 0, device: $0, function: 0) }
    for address in expected { bus.functions[address] = .init() }
    #expect(addresses(bus) == expected)
  }

  @Test func furtherFunctionsCountOnlyWhereTheFirstAnnouncesThem() {
    let bus = FakePCIBus()
    for device: UInt8 in [1, 2] {
      bus.functions[PCIAddress(bus: 0, device: device, function: 0)] =
        .init(headerType: device == 1 ? 0x80 : 0)
      bus.functions[PCIAddress(bus: 0, device: device, function: 5)] = .init()
    }
    #expect(
      addresses(bus) == [
        PCIAddress(bus: 0, device: 1, function: 0), PCIAddress(bus: 0, device: 1, function: 5),
        PCIAddress(bus: 0, device: 2, function: 0),
      ])
  }

  @Test func busesBehindANumberedBridgeAreVisited() {
    let bus = FakePCIBus()
    let bridge = PCIAddress(bus: 0, device: 1, function: 0)
    let behind = PCIAddress(bus: 2, device: 4, function: 0)
    bus.functions[bridge] = .init(headerType: 1)
    bus.functions[bridge]?.bytes[0x1A] = 2
    bus.functions[behind] = .init()
    #expect(addresses(bus) == [bridge, behind])
  }

  @Test func theScanEndsAfterTheLastBus() {
    let bus = FakePCIBus()
    let bridge = PCIAddress(bus: 0, device: 1, function: 0)
    bus.functions[bridge] = .init(headerType: 1)
    bus.functions[bridge]?.bytes[0x1A] = 255
    #expect(addresses(bus) == [bridge])
  }

  @Test func capabilitiesComeInListOrder() {
    let bus = VirtioFunction.bus()
    var offsets: [UInt8] = []
    PCIFunction(at: VirtioFunction.address, bus)?.forEachCapability(bus) { identifier, offset in
      #expect(identifier == 9)
      offsets.append(offset)
      return true
    }
    #expect(offsets == [0x40, 0x50, 0x60, 0x70])
  }

  @Test func aLoopInTheListEnds() {
    let bus = VirtioFunction.bus()
    bus.functions[VirtioFunction.address]?.bytes[0x71] = 0x40
    var count = 0
    PCIFunction(at: VirtioFunction.address, bus)?.forEachCapability(bus) { _, _ in
      count += 1
      return true
    }
    #expect(count == 48)
  }

  @Test func aLinkIntoTheHeaderEndsTheList() {
    let bus = VirtioFunction.bus()
    bus.functions[VirtioFunction.address]?.bytes[0x41] = 0x3C
    var count = 0
    PCIFunction(at: VirtioFunction.address, bus)?.forEachCapability(bus) { _, _ in
      count += 1
      return true
    }
    #expect(count == 1)
  }

  @Test func enablingTurnsMemoryAndBusMasteringOnAndTheInterruptPinOff() {
    let bus = VirtioFunction.bus()
    let function = PCIFunction(at: VirtioFunction.address, bus)
    function?.enable(bus)
    #expect(bus.read16(VirtioFunction.address, at: 4) == 0x0406)
    function?.setInterruptEnabled(true, bus)
    #expect(bus.read16(VirtioFunction.address, at: 4) == 0x0006)
  }
}
