import Drivers
import Packets

/// Configuration space of a virtio network device laid out as QEMU does: everything behind BAR 4.
enum VirtioFunction {
  static let address = PCIAddress(bus: 0, device: 3, function: 0)
  static let base: UInt64 = 0xFEBF_0000

  /// The body of a virtio capability: length, kind, bar, padding, offset, byte count.
  static func capability(
    kind: UInt8, bar: UInt8 = 4, offset: UInt32, byteCount: UInt32, stride: UInt32? = nil,
    length: UInt8? = nil
  ) -> (identifier: UInt8, body: [UInt8]) {
    var body: [UInt8] = [length ?? (stride == nil ? 16 : 20), kind, bar, 0, 0, 0]
    for value in [offset, byteCount] + (stride.map { [$0] } ?? []) {
      body += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    return (0x09, body)
  }

  static let common = capability(kind: 1, offset: 0, byteCount: 0x38)
  static let interrupt = capability(kind: 3, offset: 0x1000, byteCount: 1)
  static let device = capability(kind: 4, offset: 0x2000, byteCount: 12)
  static let doorbells = capability(kind: 2, offset: 0x3000, byteCount: 0x1000, stride: 4)
  static let capabilities = [common, interrupt, device, doorbells]

  static func bus(
    _ capabilities: [(identifier: UInt8, body: [UInt8])] = VirtioFunction.capabilities,
    placedAt place: UInt64 = base, byteCount: UInt64 = 0x4000
  ) -> FakePCIBus {
    var function = FakePCIBus.Function(device: 0x1000)
    function.addRange(4, byteCount: byteCount, at: place)
    function.addCapabilities(capabilities)
    let bus = FakePCIBus()
    bus.functions[address] = function
    return bus
  }

  static func transport(
    _ model: FakeVirtioDevice, bus: FakePCIBus = bus(), base: UInt64 = base,
    memory: PCIMemoryWindow = PCIMemoryWindow(start: DeviceAddress(0), end: DeviceAddress(0))
  ) throws -> VirtioPCITransport<FakePCIWindow> {
    var mapper = FakeMapper(model: model, base: base)
    var memory = memory
    let function = PCIFunction(at: address, bus)!
    return try VirtioPCITransport(
      function, bus, mapper: &mapper, assigningFrom: &memory, messages: Span())
  }
}
