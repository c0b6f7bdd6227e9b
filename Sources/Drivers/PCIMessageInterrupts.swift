import Packets

/// A message-signalled interrupt: what a device writes, and where, to interrupt a processor (Intel
/// SDM volume 3A, section 11.11).
package struct InterruptMessage: BitwiseCopyable, Equatable, Sendable {
  package let address: UInt64
  package let data: UInt32

  /// Vector 32...255, edge triggered, fixed delivery to the local APIC with number `processor`.
  package init(vector: UInt8, processor: UInt8) {
    address = 0xFEE0_0000 | UInt64(processor) << 12
    data = UInt32(vector)
  }
}

/// MSI-X of one function (PCI Local Bus 3.0, section 6.8.2).
enum PCIMessageInterrupts {
  /// The capability's identifier.
  static var identifier: UInt8 { 0x11 }
  /// Bytes of one table entry: address, data, vector control.
  static var entryByteCount: UInt64 { 16 }

  private enum Offset {
    static var control: UInt8 { 2 }
    static var table: UInt8 { 4 }
  }

  /// Routes entries 0..<messages.count to `messages` and lets the function use them. False when it
  /// has no MSI-X or too few entries; then nothing has changed.
  static func enable<Mapper: RegisterMapper>(
    _ messages: Span<InterruptMessage>, of function: PCIFunction,
    _ access: some PCIConfigurationAccess, mapper: inout Mapper, memory: inout PCIMemoryWindow
  ) -> Bool {
    guard let capability = capability(of: function, access) else { return false }
    let address = function.address
    let control = access.read16(address, at: capability &+ Offset.control)
    let entryCount = UInt64(control & 0x7FF) + 1
    let place = access.read32(address, at: capability &+ Offset.table)
    let byteCount = entryCount * entryByteCount
    guard messages.count <= Int(entryCount),
      let range = function.baseAddress(UInt8(place & 7), assigningFrom: &memory, access),
      UInt64(place & ~7) + byteCount <= range.byteCount,
      let table = mapper.window(
        at: DeviceAddress(range.address.rawValue &+ UInt64(place & ~7)), byteCount: Int(byteCount))
    else { return false }
    // Masked while the table is written: bits 14 and 15 of the control word.
    access.write16(control | 1 << 15 | 1 << 14, address, at: capability &+ Offset.control)
    function.enable(access)
    for index in messages.indices { write(messages[index], to: table, entry: index) }
    access.write16(control & ~(1 << 14) | 1 << 15, address, at: capability &+ Offset.control)
    return true
  }

  private static func write(
    _ message: InterruptMessage, to table: some RegisterWindow, entry: Int
  ) {
    let offset = entry * Int(entryByteCount)
    table.write32(UInt32(truncatingIfNeeded: message.address), at: offset)
    table.write32(UInt32(truncatingIfNeeded: message.address >> 32), at: offset + 4)
    table.write32(message.data, at: offset + 8)
    table.write32(0, at: offset + 12)
  }

  private static func capability(
    of function: PCIFunction, _ access: some PCIConfigurationAccess
  ) -> UInt8? {
    var found: UInt8?
    function.forEachCapability(access) { identifier, offset in
      guard identifier == Self.identifier, offset <= 244 else { return true }
      found = offset
      return false
    }
    return found
  }
}
