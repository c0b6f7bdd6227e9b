import Drivers

/// A fake device behind one page of registers (virtio 1.1, section 4.2.2).
struct FakeMMIOWindow: RegisterWindow {
  let model: FakeVirtioDevice
  var byteCount = 0x200
  var magic: UInt32 = 0x7472_6976
  var version: UInt32 = 2

  func read8(at offset: Int) -> UInt8 {
    precondition(offset >= 0x100, "registers are 32 bits wide")
    let value = model.configuration[offset - 0x100]
    model.record("mmio", isWrite: false, width: 1, offset: offset, value: UInt64(value))
    return value
  }
  func read16(at offset: Int) -> UInt16 {
    precondition(offset >= 0x100, "registers are 32 bits wide")
    return UInt16(read8(at: offset)) | UInt16(read8(at: offset + 1)) << 8
  }
  func write8(_ value: UInt8, at offset: Int) { preconditionFailure("never written") }
  func write16(_ value: UInt16, at offset: Int) { preconditionFailure("never written") }

  func read32(at offset: Int) -> UInt32 {
    let value = load(offset)
    model.record("mmio", isWrite: false, width: 4, offset: offset, value: UInt64(value))
    return value
  }

  private func load(_ offset: Int) -> UInt32 {
    switch offset {
    case 0x00: return magic
    case 0x04: return version
    case 0x08: return model.kind
    case 0x10: return model.readFeatures()
    case 0x34: return UInt32(model.selected.limit)
    case 0x44: return model.selected.isEnabled ? 1 : 0
    case 0x60: return UInt32(model.interruptStatus)
    case 0x70: return UInt32(model.status)
    case 0xFC: return UInt32(model.readGeneration())
    default: preconditionFailure("register \(offset) is not readable")
    }
  }

  func write32(_ value: UInt32, at offset: Int) {
    model.record("mmio", isWrite: true, width: 4, offset: offset, value: UInt64(value))
    switch offset {
    case 0x14, 0x24: model.featureSelect = value
    case 0x20: model.writeFeatures(value)
    case 0x30: model.queueSelect = Int(value)
    case 0x38: model.selected.size = Int(value)
    case 0x44: model.selected.isEnabled = value == 1
    case 0x50: model.notify(Int(value))
    case 0x64: model.interruptStatus &= ~UInt8(truncatingIfNeeded: value)
    case 0x70: model.writeStatus(UInt8(truncatingIfNeeded: value))
    case 0x80, 0x84:
      model.selected.descriptors = replacing(
        (offset - 0x80) / 4, of: model.selected.descriptors, with: UInt64(value))
    case 0x90, 0x94:
      model.selected.available = replacing(
        (offset - 0x90) / 4, of: model.selected.available, with: UInt64(value))
    case 0xA0, 0xA4:
      model.selected.used = replacing(
        (offset - 0xA0) / 4, of: model.selected.used, with: UInt64(value))
    default: preconditionFailure("register \(offset) is not writable")
    }
  }
}
