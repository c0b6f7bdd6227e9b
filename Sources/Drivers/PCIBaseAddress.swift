import Packets

/// A memory range a function answers at: a base-address register, BAR (PCI Local Bus 3.0, section
/// 6.2.5.1).
package struct PCIBaseAddress: BitwiseCopyable, Equatable, Sendable {
  package let address: DeviceAddress
  /// A power of two.
  package let byteCount: UInt64
}

/// Device memory that may be given to functions firmware has not placed.
package struct PCIMemoryWindow {
  private var next: UInt64
  private let end: UInt64

  /// `end` is exclusive.
  package init(start: DeviceAddress, end: DeviceAddress) {
    next = start.rawValue
    self.end = end.rawValue
  }

  /// A naturally aligned range, nil when not enough is left or it would end above `limit`.
  mutating func take(byteCount: UInt64, limit: UInt64) -> DeviceAddress? {
    let (sum, overflow) = next.addingReportingOverflow(byteCount &- 1)
    guard !overflow else { return nil }
    let start = sum & ~(byteCount &- 1)
    guard start <= end, byteCount <= end - start, byteCount - 1 <= limit - min(start, limit) else {
      return nil
    }
    next = start + byteCount
    return DeviceAddress(start)
  }
}

extension PCIFunction {
  /// The memory range of base-address register `index`, placed in `window` if firmware has not done
  /// so; nil when there is no such register, it is for I/O ports, or there is no room.
  ///
  /// The function does not answer at any address meanwhile: sizing a register moves it.
  package func baseAddress(
    _ index: UInt8, assigningFrom window: inout PCIMemoryWindow,
    _ access: some PCIConfigurationAccess
  ) -> PCIBaseAddress? {
    guard index < 6, access.read8(address, at: Offset.headerType) & 0x7F == 0 else { return nil }
    let command = access.read16(address, at: Offset.command)
    access.write16(command & ~Command.memorySpace, address, at: Offset.command)
    defer { access.write16(command, address, at: Offset.command) }

    let offset = Offset.baseAddress &+ index &* 4
    let low = access.read32(address, at: offset)
    // Bit 0: I/O space. Bits 1..2: 0 is a 32-bit register, 2 a 64-bit one that takes two.
    guard low & 1 == 0 else { return nil }
    let isWide = low & 6 == 4
    guard low & 6 == 0 || (isWide && index < 5) else { return nil }
    let current =
      UInt64(low & ~15) | (isWide ? UInt64(access.read32(address, at: offset &+ 4)) << 32 : 0)

    write(.max, to: offset, isWide: isWide, access)
    var mask = UInt64(access.read32(address, at: offset) & ~15)
    mask |= isWide ? UInt64(access.read32(address, at: offset &+ 4)) << 32 : 0
    write(current, to: offset, isWide: isWide, access)
    // The lowest bit that can be set is the size. Zero: the register is not implemented.
    let byteCount = mask & (0 &- mask)
    guard byteCount != 0 else { return nil }
    if current != 0 {
      return PCIBaseAddress(address: DeviceAddress(current), byteCount: byteCount)
    }

    let limit = isWide ? UInt64.max : UInt64(UInt32.max)
    guard let start = window.take(byteCount: byteCount, limit: limit) else { return nil }
    write(start.rawValue, to: offset, isWide: isWide, access)
    return PCIBaseAddress(address: start, byteCount: byteCount)
  }

  private func write(
    _ value: UInt64, to offset: UInt8, isWide: Bool, _ access: some PCIConfigurationAccess
  ) {
    access.write32(UInt32(truncatingIfNeeded: value), address, at: offset)
    guard isWide else { return }
    access.write32(UInt32(truncatingIfNeeded: value >> 32), address, at: offset &+ 4)
  }
}
