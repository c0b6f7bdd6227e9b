import KVM

/// Everything outside RAM that a guest can reach. One access at a time.
struct Board {
  /// Where the guest says how it ended (QEMU's isa-debug-exit), 32 bits.
  private static let exitPort: UInt64 = 0xF4
  /// The PC's keyboard controller; 0xFE resets.
  private static let keyboardPort: UInt64 = 0x64
  private static let resetCommand: UInt64 = 0xFE

  private var pci: PCIBus
  private(set) var serial: SerialPort
  /// Set when the guest has ended; its processors are not to run on.
  private(set) var end: GuestExit?

  init(functions: [any PCIFunctionModel], console: @escaping @Sendable ([UInt8]) -> Void) {
    pci = PCIBus([HostBridge()] + functions)
    serial = SerialPort(output: console)
  }

  /// What the guest reads; all ones at ports where nothing is, as on any PC. Memory where neither RAM
  /// nor a device is ends the guest: only a kernel at fault goes there.
  mutating func access(_ access: KVMAccess) -> UInt64 {
    switch (access.space, access.isWrite) {
    case (.port, true): writePort(access)
    case (.port, false): return readPort(access)
    case (.memory, true):
      guard let (function, offset) = pci.target(of: access.address) else { return refuse() }
      function.write(access.value, at: offset, byteCount: access.byteCount)
    case (.memory, false):
      guard let (function, offset) = pci.target(of: access.address) else { return refuse() }
      return function.read(at: offset, byteCount: access.byteCount)
    }
    return 0
  }

  private mutating func refuse() -> UInt64 {
    end = end ?? .fault
    return .max
  }

  mutating func flush() { serial.flush() }

  private mutating func readPort(_ access: KVMAccess) -> UInt64 {
    switch access.address {
    case SerialPort.ports where access.byteCount == 1:
      return UInt64(serial.read(at: access.address))
    case PCIBus.addressPort: return pci.readAddress(byteCount: access.byteCount)
    case PCIBus.dataPorts:
      return pci.readData(port: access.address, byteCount: access.byteCount)
    default: return .max
    }
  }

  private mutating func writePort(_ access: KVMAccess) {
    switch access.address {
    case SerialPort.ports where access.byteCount == 1:
      serial.write(UInt8(truncatingIfNeeded: access.value), at: access.address)
    case PCIBus.addressPort: pci.writeAddress(access.value, byteCount: access.byteCount)
    case PCIBus.dataPorts:
      pci.writeData(access.value, port: access.address, byteCount: access.byteCount)
    case Self.exitPort where access.byteCount == 4:
      end = end ?? .written(UInt32(truncatingIfNeeded: access.value))
    case Self.keyboardPort where access.value == Self.resetCommand: end = end ?? .reset
    default: break
    }
  }
}

private func ~= (range: Range<UInt64>, value: UInt64) -> Bool { range.contains(value) }
