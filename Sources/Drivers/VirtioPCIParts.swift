import Packets

/// The first usable capability of each kind, as the driver must take it (virtio 1.1, section
/// 4.1.4.1).
struct VirtioPCIParts {
  private(set) var common: VirtioPCICapability?
  private(set) var notification: VirtioPCICapability?
  private(set) var interruptStatus: VirtioPCICapability?
  private(set) var device: VirtioPCICapability?

  init(of function: PCIFunction, _ access: some PCIConfigurationAccess) {
    function.forEachCapability(access) { identifier, offset in
      guard identifier == VirtioPCICapability.identifier,
        let capability = VirtioPCICapability(at: offset, of: function, access)
      else { return true }
      keep(capability)
      return true
    }
  }

  private mutating func keep(_ capability: VirtioPCICapability) {
    switch capability.kind {
    case .common: common = common ?? capability
    case .notification: notification = notification ?? capability
    case .interruptStatus: interruptStatus = interruptStatus ?? capability
    case .device: device = device ?? capability
    }
  }
}

extension VirtioPCITransport {
  /// Turns capabilities into mapped registers; remembers the range behind the last base-address
  /// register, because usually all parts lie behind the same one.
  struct Locator {
    private let function: PCIFunction
    private var known: (bar: UInt8, range: PCIBaseAddress)?

    init(function: PCIFunction) { self.function = function }

    mutating func window<Mapper: RegisterMapper>(
      of capability: VirtioPCICapability, _ access: some PCIConfigurationAccess,
      mapper: inout Mapper, memory: inout PCIMemoryWindow
    ) throws(VirtioError) -> Window where Mapper.Window == Window {
      let range = try range(of: capability.bar, access, memory: &memory)
      guard capability.lies(in: range) else { throw .malformedRegisters }
      let address = DeviceAddress(range.address.rawValue &+ UInt64(capability.offset))
      let byteCount = Int(capability.byteCount)
      guard let window = mapper.window(at: address, byteCount: byteCount) else {
        throw .unmappable
      }
      return window
    }

    private mutating func range(
      of bar: UInt8, _ access: some PCIConfigurationAccess, memory: inout PCIMemoryWindow
    ) throws(VirtioError) -> PCIBaseAddress {
      if let known, known.bar == bar { return known.range }
      guard let range = function.baseAddress(bar, assigningFrom: &memory, access) else {
        throw .unmappable
      }
      known = (bar, range)
      return range
    }
  }
}
