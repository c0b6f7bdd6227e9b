import KVM

/// MSI-X of one function (PCI Local Bus 3.0, section 6.8.2): which message each of its interrupts
/// sends, as the guest wrote it.
final class MessageTable {
  static let entryByteCount = 16

  let interrupts: [Interrupt]
  private var entries: [Entry]
  private let router: any EventRouter
  /// Message control: bit 15 enables, bit 14 masks all.
  private(set) var control: UInt16
  /// The device may have raised interrupts already.
  var isLive = false

  private struct Entry {
    var address: UInt64 = 0
    var data: UInt32 = 0
    /// Bit 0 masks; set after reset.
    var control: UInt32 = 1
  }

  init(entryCount: Int, router: any EventRouter) throws(KVMError) {
    interrupts = try router.addInterrupts(entryCount)
    entries = Array(repeating: Entry(), count: entryCount)
    self.router = router
    control = UInt16(entryCount - 1)
  }

  var byteCount: Int { entries.count * Self.entryByteCount }

  /// Takes the bits of the control word that a guest can change.
  func setControl(_ value: UInt16) {
    let changed = control & 0x3FFF | value & 0xC000
    guard changed != control else { return }
    control = changed
    apply()
    if isActive { for index in entries.indices where isUnmasked(index) { signal(index) } }
  }

  /// A double word of the table; 0 beyond its end and for other widths.
  func read(at offset: Int, byteCount: Int) -> UInt64 {
    if byteCount == 8, offset % 8 == 0 {
      return read(at: offset, byteCount: 4) | read(at: offset + 4, byteCount: 4) << 32
    }
    guard byteCount == 4, offset % 4 == 0, offset < self.byteCount else { return 0 }
    let entry = entries[offset / Self.entryByteCount]
    switch offset % Self.entryByteCount {
    case 0: return entry.address & 0xFFFF_FFFF
    case 4: return entry.address >> 32
    case 8: return UInt64(entry.data)
    default: return UInt64(entry.control)
    }
  }

  func write(_ value: UInt64, at offset: Int, byteCount: Int) {
    if byteCount == 8, offset % 8 == 0 {
      write(value & 0xFFFF_FFFF, at: offset, byteCount: 4)
      write(value >> 32, at: offset + 4, byteCount: 4)
      return
    }
    guard byteCount == 4, offset % 4 == 0, offset < self.byteCount else { return }
    let index = offset / Self.entryByteCount
    let wasUnmasked = isUnmasked(index)
    let low = value & 0xFFFF_FFFF
    switch offset % Self.entryByteCount {
    case 0: entries[index].address = entries[index].address & ~0xFFFF_FFFF | low
    case 4: entries[index].address = entries[index].address & 0xFFFF_FFFF | low << 32
    case 8: entries[index].data = UInt32(low)
    default: entries[index].control = UInt32(low) & 1
    }
    guard isActive, wasUnmasked || isUnmasked(index) else { return }
    apply()
    if !wasUnmasked { signal(index) }
  }

  func reset() {
    for index in entries.indices { entries[index] = Entry() }
    control &= 0x3FFF
    isLive = false
    apply()
  }

  private var isActive: Bool { control & 0xC000 == 0x8000 }

  private func isUnmasked(_ index: Int) -> Bool { entries[index].control & 1 == 0 }

  /// What was signalled while an interrupt was masked is not remembered: raising it once more when it
  /// is unmasked is allowed, losing one is not.
  private func signal(_ index: Int) {
    if isLive { interrupts[index].event.signal() }
  }

  private func apply() {
    let active = isActive ? entries.indices.filter(isUnmasked) : []
    let messages = active.map {
      KVMRoute(
        number: interrupts[$0].number, address: entries[$0].address, data: entries[$0].data)
    }
    // A message KVM does not understand reaches nobody, which is the guest's own loss.
    try? router.setMessages(messages, of: interrupts)
  }
}
