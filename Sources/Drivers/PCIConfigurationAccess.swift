import CX86

/// Reads and writes PCI configuration space (PCI Local Bus 3.0, chapter 6). Multi-byte accesses are
/// naturally aligned.
package protocol PCIConfigurationAccess {
  func read8(_ address: PCIAddress, at offset: UInt8) -> UInt8
  func read16(_ address: PCIAddress, at offset: UInt8) -> UInt16
  func read32(_ address: PCIAddress, at offset: UInt8) -> UInt32
  func write8(_ value: UInt8, _ address: PCIAddress, at offset: UInt8)
  func write16(_ value: UInt16, _ address: PCIAddress, at offset: UInt8)
  func write32(_ value: UInt32, _ address: PCIAddress, at offset: UInt8)
}

/// Names one function of one device: bus (bits 8..15), device (3..7) and function (0..2).
package struct PCIAddress: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }
  /// Only the low 5 and 3 bits of `device` and `function` are used.
  package init(bus: UInt8, device: UInt8, function: UInt8) {
    rawValue = UInt16(bus) << 8 | UInt16(device & 31) << 3 | UInt16(function & 7)
  }

  package var bus: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
  package var device: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 3) & 31 }
  package var function: UInt8 { UInt8(truncatingIfNeeded: rawValue) & 7 }
}

/// Configuration mechanism #1: an address port and a data port (PCI Local Bus 3.0, section
/// 3.2.2.3.2). Reaches the first 256 bytes of each function. One core at a time: the two ports
/// are one shared register.
package struct PCIPortAccess: PCIConfigurationAccess {
  package init() {}

  /// CONFIG_ADDRESS.
  private static var addressPort: UInt16 { 0xCF8 }
  /// CONFIG_DATA.
  private static var dataPort: UInt16 { 0xCFC }

  /// Selects the double word that holds `offset`; returns the port of the byte itself.
  private func select(_ address: PCIAddress, _ offset: UInt8) -> UInt16 {
    x86_port_write32(
      Self.addressPort, 1 << 31 | UInt32(address.rawValue) << 8 | UInt32(offset & 0xFC))
    return Self.dataPort | UInt16(offset & 3)
  }

  package func read8(_ address: PCIAddress, at offset: UInt8) -> UInt8 {
    x86_port_read8(select(address, offset))
  }
  package func read16(_ address: PCIAddress, at offset: UInt8) -> UInt16 {
    x86_port_read16(select(address, offset))
  }
  package func read32(_ address: PCIAddress, at offset: UInt8) -> UInt32 {
    x86_port_read32(select(address, offset))
  }
  package func write8(_ value: UInt8, _ address: PCIAddress, at offset: UInt8) {
    x86_port_write8(select(address, offset), value)
  }
  package func write16(_ value: UInt16, _ address: PCIAddress, at offset: UInt8) {
    x86_port_write16(select(address, offset), value)
  }
  package func write32(_ value: UInt32, _ address: PCIAddress, at offset: UInt8) {
    x86_port_write32(select(address, offset), value)
  }
}
