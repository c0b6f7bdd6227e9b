import Packets
import Wire

/// A modern virtio device on PCI (virtio 1.1, section 4.1).
package struct VirtioPCITransport<Window: RegisterWindow>: VirtioTransport {
  package let kind: VirtioKind
  private let common: Window
  private let doorbells: Window
  private let interruptStatus: Window
  /// Absent for devices without configuration.
  private let device: Window?
  private let doorbellStride: UInt32
  /// Receive queue `2 * i` raises interrupt message `i` below this one; other queues none.
  private let messageCount: UInt16

  /// Whether receive queues can interrupt.
  package var hasInterrupts: Bool { messageCount > 0 }

  /// Finds, places, maps and enables the registers of `function`. Receive queue `i` interrupts by
  /// `messages[i]`, where the function has MSI-X with enough entries.
  package init<Mapper: RegisterMapper>(
    _ function: PCIFunction, _ access: some PCIConfigurationAccess, mapper: inout Mapper,
    assigningFrom memory: inout PCIMemoryWindow, messages: Span<InterruptMessage>
  ) throws(VirtioError) where Mapper.Window == Window {
    guard let kind = Self.kind(of: function) else { throw .notModern }
    let parts = VirtioPCIParts(of: function, access)
    guard let common = parts.common, let notification = parts.notification,
      let interruptStatus = parts.interruptStatus
    else { throw .notModern }
    self.kind = kind
    doorbellStride = notification.doorbellStride
    var locator = Locator(function: function)
    self.common = try locator.window(of: common, access, mapper: &mapper, memory: &memory)
    doorbells = try locator.window(of: notification, access, mapper: &mapper, memory: &memory)
    self.interruptStatus = try locator.window(
      of: interruptStatus, access, mapper: &mapper, memory: &memory)
    if let device = parts.device {
      self.device = try locator.window(of: device, access, mapper: &mapper, memory: &memory)
    } else {
      device = nil
    }
    function.enable(access)
    var count = messages.count
    // With too few entries only the first queue gets one: all that is used where there is one pair.
    while count > 0 {
      if PCIMessageInterrupts.enable(
        messages.extracting(first: count), of: function, access, mapper: &mapper, memory: &memory)
      {
        break
      }
      count = count > 1 ? 1 : 0
    }
    messageCount = UInt16(truncatingIfNeeded: count)
  }

  /// Section 4.1.2: modern devices are 0x1040 plus the kind; transitional ones, which have the
  /// modern registers as well, begin at 0x1000 (table in section 4.1.2.3).
  package static func kind(of function: PCIFunction) -> VirtioKind? {
    guard function.vendor == 0x1AF4 else { return nil }
    switch function.device {
    case 0x1000: return .network
    case 0x1005: return .entropy
    case 0x1041...0x107F: return VirtioKind(rawValue: UInt32(function.device &- 0x1040))
    default: return nil
    }
  }
}

/// The common configuration structure (virtio 1.1, section 4.1.4.3).
enum VirtioPCIRegisters {
  /// device_feature_select.
  static var deviceFeatureSelect: Register<UInt32> { Register(at: 0) }
  /// device_feature.
  static var deviceFeature: Register<UInt32> { Register(at: 4) }
  /// driver_feature_select.
  static var driverFeatureSelect: Register<UInt32> { Register(at: 8) }
  /// driver_feature.
  static var driverFeature: Register<UInt32> { Register(at: 12) }
  /// msix_config: the vector of configuration changes.
  static var configurationVector: Register<UInt16> { Register(at: 16) }
  /// device_status.
  static var status: FlagRegister<VirtioStatus> { FlagRegister(at: 20) }
  /// config_generation.
  static var configurationGeneration: Register<UInt8> { Register(at: 21) }
  /// queue_select: the queue that the registers below are about.
  static var queueSelect: Register<UInt16> { Register(at: 22) }
  /// queue_size: the limit until written.
  static var queueSize: Register<UInt16> { Register(at: 24) }
  /// queue_msix_vector.
  static var queueVector: Register<UInt16> { Register(at: 26) }
  /// queue_enable.
  static var queueEnable: Register<UInt16> { Register(at: 28) }
  /// queue_notify_off: the queue's doorbell, in strides.
  static var queueDoorbell: Register<UInt16> { Register(at: 30) }
  /// queue_desc, queue_driver, queue_device: 64 bits, written as two halves (section 4.1.3.1).
  static var queueDescriptors: Register<UInt32> { Register(at: 32) }
  static var queueAvailable: Register<UInt32> { Register(at: 40) }
  static var queueUsed: Register<UInt32> { Register(at: 48) }

  /// VIRTIO_MSI_NO_VECTOR.
  static var noVector: UInt16 { 0xFFFF }
}

extension VirtioPCITransport {
  private typealias Registers = VirtioPCIRegisters

  package func readStatus() -> VirtioStatus { common.read(Registers.status) }
  package func writeStatus(_ status: VirtioStatus) { common.write(status, to: Registers.status) }

  package func readDeviceFeatures() -> VirtioFeatures {
    common.write(0, to: Registers.deviceFeatureSelect)
    let low = common.read(Registers.deviceFeature)
    common.write(1, to: Registers.deviceFeatureSelect)
    let high = common.read(Registers.deviceFeature)
    return VirtioFeatures(rawValue: UInt64(high) << 32 | UInt64(low))
  }

  package func writeDriverFeatures(_ features: VirtioFeatures) {
    common.write(0, to: Registers.driverFeatureSelect)
    common.write(UInt32(truncatingIfNeeded: features.rawValue), to: Registers.driverFeature)
    common.write(1, to: Registers.driverFeatureSelect)
    common.write(UInt32(truncatingIfNeeded: features.rawValue >> 32), to: Registers.driverFeature)
  }

  package func queueSizeLimit(of queue: UInt16) -> Int {
    common.write(queue, to: Registers.queueSelect)
    // Section 4.1.5.1.3: a queue that does not exist has size 0. One in use cannot be set up.
    let limit = common.read(Registers.queueSize)
    return common.read(Registers.queueEnable) == 0 ? Int(limit) : 0
  }

  package func enableQueue(_ queue: UInt16, at layout: VirtqueueLayout) -> VirtioDoorbell? {
    common.write(queue, to: Registers.queueSelect)
    let index = common.read(Registers.queueDoorbell)
    // At most 2^48: no overflow.
    let offset = UInt64(index) &* UInt64(doorbellStride)
    guard offset &+ 2 <= UInt64(doorbells.byteCount), offset & 1 == 0 else { return nil }
    common.write(UInt16(truncatingIfNeeded: layout.size), to: Registers.queueSize)
    let message = queue & 1 == 0 && queue >> 1 < messageCount ? queue >> 1 : Registers.noVector
    common.write(message, to: Registers.queueVector)
    write(layout.descriptors, to: Registers.queueDescriptors)
    write(layout.available, to: Registers.queueAvailable)
    write(layout.used, to: Registers.queueUsed)
    common.write(1, to: Registers.queueEnable)
    return VirtioDoorbell(queue: queue, offset: Int(truncatingIfNeeded: offset))
  }

  @inline(__always)
  package func ring(_ doorbell: VirtioDoorbell) {
    // Section 4.1.5.2: without NOTIFICATION_DATA, 16 bits: the queue's number.
    doorbells.write16(doorbell.queue, at: doorbell.offset)
  }

  package var configurationByteCount: Int { device?.byteCount ?? 0 }
  package func readConfiguration8(at offset: Int) -> UInt8 { device?.read8(at: offset) ?? 0 }
  package func readConfiguration16(at offset: Int) -> UInt16 { device?.read16(at: offset) ?? 0 }
  package func readConfigurationGeneration() -> UInt32 {
    UInt32(common.read(Registers.configurationGeneration))
  }

  package func acknowledgeInterrupt() -> VirtioInterrupt {
    // Section 4.1.4.5: reading lowers the interrupt.
    interruptStatus.read(FlagRegister<VirtioInterrupt>(at: 0))
  }

  private func write(_ address: DeviceAddress, to register: Register<UInt32>) {
    common.write(UInt32(truncatingIfNeeded: address.rawValue), to: register)
    common.write(
      UInt32(truncatingIfNeeded: address.rawValue >> 32), to: Register(at: register.offset + 4))
  }
}
