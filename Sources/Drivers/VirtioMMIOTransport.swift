import Packets
import Wire

/// A virtio device behind one page of registers (virtio 1.1, section 4.2).
package struct VirtioMMIOTransport<Window: RegisterWindow>: VirtioTransport {
  package let kind: VirtioKind
  private let registers: Window

  /// Throws `.notModern` when there is no device of version 2 behind `registers`.
  package init(_ registers: Window) throws(VirtioError) {
    guard registers.byteCount >= Registers.configuration,
      registers.read(Registers.magic) == 0x7472_6976, registers.read(Registers.version) == 2
    else { throw .notModern }
    kind = VirtioKind(rawValue: registers.read(Registers.deviceKind))
    // Section 4.2.3.1.1: kind 0 is a place without a device.
    guard kind.rawValue != 0 else { throw .notModern }
    self.registers = registers
  }

  private typealias Registers = VirtioMMIORegisters

  package func readStatus() -> VirtioStatus {
    VirtioStatus(rawValue: UInt8(truncatingIfNeeded: registers.read(Registers.status)))
  }
  package func writeStatus(_ status: VirtioStatus) {
    registers.write(UInt32(status.rawValue), to: Registers.status)
  }

  package func readDeviceFeatures() -> VirtioFeatures {
    registers.write(0, to: Registers.deviceFeatureSelect)
    let low = registers.read(Registers.deviceFeature)
    registers.write(1, to: Registers.deviceFeatureSelect)
    let high = registers.read(Registers.deviceFeature)
    return VirtioFeatures(rawValue: UInt64(high) << 32 | UInt64(low))
  }

  package func writeDriverFeatures(_ features: VirtioFeatures) {
    registers.write(0, to: Registers.driverFeatureSelect)
    registers.write(UInt32(truncatingIfNeeded: features.rawValue), to: Registers.driverFeature)
    registers.write(1, to: Registers.driverFeatureSelect)
    registers.write(
      UInt32(truncatingIfNeeded: features.rawValue >> 32), to: Registers.driverFeature)
  }

  package func queueSizeLimit(of queue: UInt16) -> Int {
    // Section 4.2.3.2, steps 1 to 3: select, check that it is not in use, read the limit.
    registers.write(UInt32(queue), to: Registers.queueSelect)
    guard registers.read(Registers.queueReady) == 0 else { return 0 }
    return Int(registers.read(Registers.queueSizeLimit))
  }

  package func enableQueue(_ queue: UInt16, at layout: VirtqueueLayout) -> VirtioDoorbell? {
    // Section 4.2.3.2, steps 5 to 7.
    registers.write(UInt32(queue), to: Registers.queueSelect)
    registers.write(UInt32(truncatingIfNeeded: layout.size), to: Registers.queueSize)
    write(layout.descriptors, to: Registers.queueDescriptors)
    write(layout.available, to: Registers.queueAvailable)
    write(layout.used, to: Registers.queueUsed)
    registers.write(1, to: Registers.queueReady)
    return VirtioDoorbell(queue: queue, offset: Registers.queueDoorbell.offset)
  }

  @inline(__always)
  package func ring(_ doorbell: VirtioDoorbell) {
    registers.write32(UInt32(doorbell.queue), at: doorbell.offset)
  }

  package var configurationByteCount: Int { registers.byteCount - Registers.configuration }
  package func readConfiguration8(at offset: Int) -> UInt8 {
    registers.read8(at: Registers.configuration + offset)
  }
  package func readConfiguration16(at offset: Int) -> UInt16 {
    registers.read16(at: Registers.configuration + offset)
  }
  package func readConfigurationGeneration() -> UInt32 {
    registers.read(Registers.configurationGeneration)
  }

  /// Not before somebody routes the interrupt line.
  package var hasInterrupts: Bool { false }

  package func acknowledgeInterrupt() -> VirtioInterrupt {
    // Bits that mean nothing to us must not be acknowledged (section 4.2.2.2).
    let pending = registers.read(Registers.interruptStatus) & 3
    if pending != 0 { registers.write(pending, to: Registers.interruptAcknowledge) }
    return VirtioInterrupt(rawValue: UInt8(truncatingIfNeeded: pending))
  }

  private func write(_ address: DeviceAddress, to register: Register<UInt32>) {
    registers.write(UInt32(truncatingIfNeeded: address.rawValue), to: register)
    registers.write(
      UInt32(truncatingIfNeeded: address.rawValue >> 32), to: Register(at: register.offset + 4))
  }
}

/// Table 4.1 of virtio 1.1, section 4.2.2. All are 32 bits wide.
enum VirtioMMIORegisters {
  /// MagicValue: "virt".
  static var magic: Register<UInt32> { Register(at: 0x000) }
  /// Version.
  static var version: Register<UInt32> { Register(at: 0x004) }
  /// DeviceID.
  static var deviceKind: Register<UInt32> { Register(at: 0x008) }
  /// DeviceFeatures, DeviceFeaturesSel.
  static var deviceFeature: Register<UInt32> { Register(at: 0x010) }
  static var deviceFeatureSelect: Register<UInt32> { Register(at: 0x014) }
  /// DriverFeatures, DriverFeaturesSel.
  static var driverFeature: Register<UInt32> { Register(at: 0x020) }
  static var driverFeatureSelect: Register<UInt32> { Register(at: 0x024) }
  /// QueueSel, QueueNumMax, QueueNum, QueueReady.
  static var queueSelect: Register<UInt32> { Register(at: 0x030) }
  static var queueSizeLimit: Register<UInt32> { Register(at: 0x034) }
  static var queueSize: Register<UInt32> { Register(at: 0x038) }
  static var queueReady: Register<UInt32> { Register(at: 0x044) }
  /// QueueNotify.
  static var queueDoorbell: Register<UInt32> { Register(at: 0x050) }
  /// InterruptStatus, InterruptACK.
  static var interruptStatus: Register<UInt32> { Register(at: 0x060) }
  static var interruptAcknowledge: Register<UInt32> { Register(at: 0x064) }
  /// Status.
  static var status: Register<UInt32> { Register(at: 0x070) }
  /// QueueDescLow, QueueDriverLow, QueueDeviceLow; the high halves follow each.
  static var queueDescriptors: Register<UInt32> { Register(at: 0x080) }
  static var queueAvailable: Register<UInt32> { Register(at: 0x090) }
  static var queueUsed: Register<UInt32> { Register(at: 0x0A0) }
  /// ConfigGeneration.
  static var configurationGeneration: Register<UInt32> { Register(at: 0x0FC) }
  /// Config: where the device-specific part begins.
  static var configuration: Int { 0x100 }
}
