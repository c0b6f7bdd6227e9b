/// One function of a PCI device.
package struct PCIFunction: BitwiseCopyable, Sendable {
  package let address: PCIAddress
  package let vendor: UInt16
  package let device: UInt16

  /// Offsets of the configuration header that all functions have (PCI Local Bus 3.0, figure 6-1).
  enum Offset {
    static var vendor: UInt8 { 0x00 }
    static var device: UInt8 { 0x02 }
    static var command: UInt8 { 0x04 }
    static var status: UInt8 { 0x06 }
    static var headerType: UInt8 { 0x0E }
    /// BAR0; six of them for an ordinary function.
    static var baseAddress: UInt8 { 0x10 }
    /// Of a bridge: the highest bus behind it (PCI-to-PCI Bridge 1.2, section 3.2.5.4).
    static var subordinateBus: UInt8 { 0x1A }
    static var capabilities: UInt8 { 0x34 }
  }

  /// Bits of the command register (section 6.2.2).
  enum Command {
    static var memorySpace: UInt16 { 1 << 1 }
    static var busMaster: UInt16 { 1 << 2 }
    static var interruptDisable: UInt16 { 1 << 10 }
  }

  /// The function at `address`, nil when there is none.
  package init?(at address: PCIAddress, _ access: some PCIConfigurationAccess) {
    let vendor = access.read16(address, at: Offset.vendor)
    guard vendor != 0xFFFF else { return nil }
    self.address = address
    self.vendor = vendor
    device = access.read16(address, at: Offset.device)
  }

  /// Lets the device answer at its base addresses and reach memory by itself. Its INTx pin stays
  /// off: the dataplane polls.
  package func enable(_ access: some PCIConfigurationAccess) {
    let command = access.read16(address, at: Offset.command)
    access.write16(
      command | Command.memorySpace | Command.busMaster | Command.interruptDisable, address,
      at: Offset.command)
  }

  /// Lets the device raise its INTx pin, or stops it.
  package func setInterruptEnabled(_ isEnabled: Bool, _ access: some PCIConfigurationAccess) {
    let command = access.read16(address, at: Offset.command)
    access.write16(
      isEnabled ? command & ~Command.interruptDisable : command | Command.interruptDisable,
      address, at: Offset.command)
  }

  /// Calls `visit` with the identifier and offset of each capability until it returns false. A
  /// list with a loop in it ends: there is room for 48 capabilities at most.
  package func forEachCapability(
    _ access: some PCIConfigurationAccess, visit: (_ identifier: UInt8, _ offset: UInt8) -> Bool
  ) {
    // Section 6.2.3: bit 4 of the status register says whether there is a list.
    guard access.read16(address, at: Offset.status) & 1 << 4 != 0 else { return }
    // Section 6.7: the low two bits of a pointer are reserved, to be masked off.
    var offset = access.read8(address, at: Offset.capabilities) & 0xFC
    var remaining = 48
    while offset >= 0x40, remaining > 0 {
      guard visit(access.read8(address, at: offset), offset) else { return }
      offset = access.read8(address, at: offset &+ 1) & 0xFC
      remaining &-= 1
    }
  }
}

/// Finds functions, lowest address first. Buses behind bridges are visited where firmware has
/// numbered them.
package struct PCIScan {
  private var next: UInt32 = 0
  private var lastBus: UInt8 = 0
  private var hasMoreFunctions = false

  package init() {}

  /// The next function there is, nil after the last one.
  package mutating func next(_ access: some PCIConfigurationAccess) -> PCIFunction? {
    while next >> 8 <= lastBus {
      let address = PCIAddress(rawValue: UInt16(truncatingIfNeeded: next))
      // Functions 1..7 need not be looked for unless function 0 announces them (section 6.2.1).
      if address.function != 0, !hasMoreFunctions {
        next = (next | 7) + 1
        continue
      }
      next += 1
      guard let function = PCIFunction(at: address, access) else {
        if address.function == 0 { hasMoreFunctions = false }
        continue
      }
      note(function, access)
      return function
    }
    return nil
  }

  private mutating func note(_ function: PCIFunction, _ access: some PCIConfigurationAccess) {
    let headerType = access.read8(function.address, at: PCIFunction.Offset.headerType)
    if function.address.function == 0 { hasMoreFunctions = headerType & 0x80 != 0 }
    guard headerType & 0x7F == 1 else { return }
    let bus = access.read8(function.address, at: PCIFunction.Offset.subordinateBus)
    if bus > lastBus { lastBus = bus }
  }
}
