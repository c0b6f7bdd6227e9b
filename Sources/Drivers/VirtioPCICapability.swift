/// One part of a virtio device's registers, as its PCI capability describes it (virtio 1.1, section
/// 4.1.4). Everything in it is the device's claim until checked against the base address.
struct VirtioPCICapability: BitwiseCopyable {
  /// cfg_type.
  enum Kind: UInt8 {
    case common = 1
    case notification = 2
    case interruptStatus = 3
    case device = 4
  }

  /// The capability identifier of vendor-specific data (PCI Local Bus 3.0, appendix H).
  static var identifier: UInt8 { 0x09 }

  let kind: Kind
  /// The base-address register the part lies behind.
  let bar: UInt8
  /// Bytes from the start of that range.
  let offset: UInt32
  let byteCount: UInt32
  /// Bytes from one queue's doorbell to the next one's; 0 when they share one.
  let doorbellStride: UInt32

  /// The capability at `offset`; nil when it is of a kind we do not use or makes no sense.
  init?(at offset: UInt8, of function: PCIFunction, _ access: some PCIConfigurationAccess) {
    guard Int(offset) <= 256 - 16 else { return nil }
    let address = function.address
    let capabilityByteCount = Int(access.read8(address, at: offset &+ 2))
    guard let kind = Kind(rawValue: access.read8(address, at: offset &+ 3)),
      capabilityByteCount >= (kind == .notification ? 20 : 16),
      Int(offset) + capabilityByteCount <= 256
    else { return nil }
    self.kind = kind
    bar = access.read8(address, at: offset &+ 4)
    self.offset = access.read32(address, at: offset &+ 8)
    byteCount = access.read32(address, at: offset &+ 12)
    doorbellStride = kind == .notification ? access.read32(address, at: offset &+ 16) : 0
    // Section 4.1.4: registers beyond BAR 5 are reserved; section 4.1.4.3: offsets are aligned.
    guard bar < 6, byteCount >= kind.minimumByteCount, self.offset & (kind.alignment &- 1) == 0
    else { return nil }
  }

  /// Whether the part lies wholly inside `range`.
  func lies(in range: PCIBaseAddress) -> Bool {
    UInt64(offset) + UInt64(byteCount) <= range.byteCount
  }
}

extension VirtioPCICapability.Kind {
  /// Bytes of the registers we use: section 4.1.4.3 up to queue_device; one 16-bit doorbell; one
  /// byte; the device-specific part is checked by the driver.
  var minimumByteCount: UInt32 {
    switch self {
    case .common: return 56
    case .notification: return 2
    case .interruptStatus, .device: return 1
    }
  }

  var alignment: UInt32 {
    switch self {
    case .common, .device: return 4
    case .notification: return 2
    case .interruptStatus: return 1
    }
  }
}
