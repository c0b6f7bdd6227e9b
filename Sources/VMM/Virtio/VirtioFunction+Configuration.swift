extension VirtioFunction {
  /// The configuration space of a device (virtio 1.1, sections 4.1.2 and 4.1.4) and where in it the
  /// control word of MSI-X is.
  static func configurationSpace(
    of device: any VirtioDevice, at address: UInt32, messageCount: Int
  ) -> (PCIConfigurationSpace, messageControl: Int) {
    var space = PCIConfigurationSpace(
      vendor: 0x1AF4, device: UInt16(0x1040 + device.kind.rawValue), classCode: device.classCode,
      revision: 1, subsystem: UInt16(0x40 + device.kind.rawValue))
    space.setBaseAddress(address, byteCount: UInt32(Part.byteCount))
    space.addCapability(9, part(1, at: Part.common, byteCount: 0x38))
    let doorbellByteCount = device.queueSizeLimits.count * doorbellStride
    space.addCapability(
      9,
      part(2, at: Part.doorbells, byteCount: doorbellByteCount)
        + littleEndian(UInt32(doorbellStride)))
    space.addCapability(9, part(3, at: Part.interruptStatus, byteCount: 4))
    let configurationByteCount = device.configuration.count
    if configurationByteCount > 0 {
      space.addCapability(9, part(4, at: Part.device, byteCount: configurationByteCount))
    }
    let control = UInt16(messageCount - 1)
    let offset = space.addCapability(
      0x11,
      [UInt8(truncatingIfNeeded: control), UInt8(control >> 8)]
        + littleEndian(UInt32(Part.messages)) + littleEndian(UInt32(Part.pending)))
    space.allow(0xC000, at: offset + 2, byteCount: 2)
    return (space, offset + 2)
  }

  /// virtio_pci_cap without its first two bytes: length, type, base-address register 0, padding,
  /// offset, length of the part. The doorbells' is four bytes longer.
  private static func part(_ kind: UInt8, at offset: Int, byteCount: Int) -> [UInt8] {
    [kind == 2 ? 20 : 16, kind, 0, 0, 0, 0] + littleEndian(UInt32(offset))
      + littleEndian(UInt32(byteCount))
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }
}
