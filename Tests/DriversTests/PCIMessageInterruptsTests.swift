import Packets
import Testing

@testable import Drivers

/// Plain memory as registers; what is written stays.
final class MemoryWindow: RegisterWindow {
  var words: [UInt32]
  init(byteCount: Int) { words = [UInt32](repeating: 1, count: byteCount / 4) }
  var byteCount: Int { words.count * 4 }
  func read8(at offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: words[offset / 4]) }
  func read16(at offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: words[offset / 4]) }
  func read32(at offset: Int) -> UInt32 { words[offset / 4] }
  func write8(_ value: UInt8, at offset: Int) { words[offset / 4] = UInt32(value) }
  func write16(_ value: UInt16, at offset: Int) { words[offset / 4] = UInt32(value) }
  func write32(_ value: UInt32, at offset: Int) { words[offset / 4] = value }
}

@Suite struct PCIMessageInterruptsTests {
  struct Mapper: RegisterMapper {
    var window = MemoryWindow(byteCount: 4 * 16)
    var requests: [(address: UInt64, byteCount: Int)] = []
    mutating func window(at address: DeviceAddress, byteCount: Int) -> MemoryWindow? {
      requests.append((address.rawValue, byteCount))
      return window
    }
  }

  /// A function with `entryCount` table entries at `offset` behind BAR 1.
  static func bus(entryCount: UInt16, offset: UInt32 = 0x800) -> FakePCIBus {
    var function = FakePCIBus.Function()
    function.addRange(1, byteCount: 0x1000, at: 0xFEBF_0000)
    let place = offset | 1
    let table = (0..<4).map { UInt8(truncatingIfNeeded: place >> (8 * UInt32($0))) }
    function.addCapabilities([
      (identifier: 0x11, body: [UInt8(entryCount - 1), 0] + table + [0, 0, 0, 0])
    ])
    let bus = FakePCIBus()
    bus.functions[VirtioFunction.address] = function
    return bus
  }

  static func enable(_ bus: FakePCIBus, _ mapper: inout Mapper, count: Int) throws -> Bool {
    let function = try #require(PCIFunction(at: VirtioFunction.address, bus))
    var memory = PCIMemoryWindow(start: DeviceAddress(0), end: DeviceAddress(0))
    let messages = (0..<count).map {
      InterruptMessage(vector: UInt8(0x40 + $0), processor: UInt8($0))
    }
    return PCIMessageInterrupts.enable(
      messages.span, of: function, bus, mapper: &mapper, memory: &memory)
  }

  @Test func entriesNameVectorAndProcessorAndAreUnmasked() throws {
    let bus = Self.bus(entryCount: 4)
    var mapper = Mapper()
    let isEnabled = try Self.enable(bus, &mapper, count: 2)
    #expect(isEnabled)
    #expect(mapper.requests.map(\.address) == [0xFEBF_0800])
    #expect(mapper.requests.map(\.byteCount) == [64])
    #expect(mapper.window.words[0..<8] == [0xFEE0_0000, 0, 0x40, 0, 0xFEE0_1000, 0, 0x41, 0])
    // Enabled (bit 15), not masked (bit 14), and the table's size is kept.
    #expect(bus.read16(VirtioFunction.address, at: 0x42) == 1 << 15 | 3)
  }

  @Test func aTableThatIsTooSmallOrOutsideItsRangeIsNotUsed() throws {
    for (bus, count) in [(Self.bus(entryCount: 1), 2), (Self.bus(entryCount: 4, offset: 0xFF8), 1)]
    {
      var mapper = Mapper()
      let isEnabled = try Self.enable(bus, &mapper, count: count)
      #expect(!isEnabled)
      #expect(bus.read16(VirtioFunction.address, at: 0x42) & 1 << 15 == 0)
    }
  }

  @Test func aFunctionWithoutTheCapabilityCannotInterrupt() throws {
    var mapper = Mapper()
    let isEnabled = try Self.enable(VirtioFunction.bus(), &mapper, count: 1)
    #expect(!isEnabled)
    #expect(mapper.requests.isEmpty)
  }
}
