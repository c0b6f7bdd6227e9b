import Drivers
import Packets

/// One part of a fake device's registers on PCI (virtio 1.1, section 4.1.4).
struct FakePCIWindow: RegisterWindow {
  enum Part: String {
    case common, doorbells, interrupt, device
  }

  let part: Part
  let byteCount: Int
  let model: FakeVirtioDevice
  /// Bytes between doorbells.
  var stride = 4

  func read8(at offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: read(offset, 1)) }
  func read16(at offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: read(offset, 2)) }
  func read32(at offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: read(offset, 4)) }
  func write8(_ value: UInt8, at offset: Int) { write(UInt64(value), offset, 1) }
  func write16(_ value: UInt16, at offset: Int) { write(UInt64(value), offset, 2) }
  func write32(_ value: UInt32, at offset: Int) { write(UInt64(value), offset, 4) }

  private func read(_ offset: Int, _ width: Int) -> UInt64 {
    precondition(offset >= 0 && offset + width <= byteCount, "read outside the window")
    let value = load(offset, width)
    model.record(part.rawValue, isWrite: false, width: width, offset: offset, value: value)
    return value
  }

  private func load(_ offset: Int, _ width: Int) -> UInt64 {
    switch part {
    case .doorbells: return 0
    case .interrupt:
      defer { model.interruptStatus = 0 }
      return UInt64(model.interruptStatus)
    case .device:
      return (0..<width).reduce(0) {
        $0 | UInt64(model.configuration[offset + $1]) << (8 * UInt64($1))
      }
    case .common: return loadCommon(offset)
    }
  }

  private func loadCommon(_ offset: Int) -> UInt64 {
    switch offset {
    case 4: return UInt64(model.readFeatures())
    case 18: return UInt64(model.queues.count)
    case 20: return UInt64(model.status)
    case 21: return UInt64(model.readGeneration())
    case 24:
      let queue = model.selected
      return UInt64(queue.size != 0 ? queue.size : queue.limit)
    case 28: return model.selected.isEnabled ? 1 : 0
    case 30:
      return model.queueSelect < 2 ? UInt64(model.doorbellIndex[model.queueSelect]) : 0
    default: return 0
    }
  }

  private func write(_ value: UInt64, _ offset: Int, _ width: Int) {
    precondition(offset >= 0 && offset + width <= byteCount, "write outside the window")
    model.record(part.rawValue, isWrite: true, width: width, offset: offset, value: value)
    switch part {
    case .doorbells: model.notify(Int(value))
    case .interrupt, .device: break
    case .common: storeCommon(value, offset)
    }
  }

  private func storeCommon(_ value: UInt64, _ offset: Int) {
    switch offset {
    case 0, 8: model.featureSelect = UInt32(value)
    case 12: model.writeFeatures(UInt32(value))
    case 20: model.writeStatus(UInt8(value))
    case 22: model.queueSelect = Int(value)
    case 24: model.selected.size = Int(value)
    case 28: model.selected.isEnabled = value == 1
    case 32, 36:
      model.selected.descriptors = replacing(
        (offset - 32) / 4, of: model.selected.descriptors, with: value)
    case 40, 44:
      model.selected.available = replacing(
        (offset - 40) / 4, of: model.selected.available, with: value)
    case 48, 52:
      model.selected.used = replacing((offset - 48) / 4, of: model.selected.used, with: value)
    default: break
    }
  }
}

/// Maps the parts of one fake device, wherever the driver has placed them.
struct FakeMapper: RegisterMapper {
  let model: FakeVirtioDevice
  /// Where each part begins, from the start of the mapped range; other places cannot be mapped.
  var parts: [UInt64: FakePCIWindow.Part]
  private(set) var requests: [(address: UInt64, byteCount: Int)] = []

  init(model: FakeVirtioDevice, base: UInt64) {
    self.model = model
    parts = [
      base: .common, base + 0x1000: .interrupt, base + 0x2000: .device, base + 0x3000: .doorbells,
    ]
  }

  mutating func window(at address: DeviceAddress, byteCount: Int) -> FakePCIWindow? {
    requests.append((address.rawValue, byteCount))
    guard let part = parts[address.rawValue] else { return nil }
    return FakePCIWindow(part: part, byteCount: byteCount, model: model)
  }
}
