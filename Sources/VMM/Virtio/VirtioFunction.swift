import CLinux
import Drivers
import HostNetwork
import KVM
import Synchronization
import Wire

/// A virtio device on PCI (virtio 1.1, section 4.1). All of it is called with the bus locked, one
/// access of the guest after the other.
final class VirtioFunction: PCIFunctionModel {
  /// The parts of the register range and where they begin, a page each.
  enum Part {
    static let common = 0x0000
    static let interruptStatus = 0x1000
    static let device = 0x2000
    static let doorbells = 0x3000
    static let messages = 0x4000
    static let pending = 0x5000
    static let byteCount = 0x8000
  }

  /// Bytes from one queue's doorbell to the next one's.
  static let doorbellStride = 4

  private let device: any VirtioDevice
  private let memory: GuestMemory
  private let router: any EventRouter
  private var space: PCIConfigurationSpace
  private var registers: VirtioRegisters
  private let messages: MessageTable
  private let messageControl: Int
  /// Doorbells that signal without an exit, while the device is live.
  private var doorbells: [(address: UInt64, queue: UInt16, event: Descriptor)] = []
  /// A queue was broken by its driver; set by any thread.
  private let failure = Failure()

  private final class Failure: Sendable {
    let isSet = Atomic(false)
  }

  init(
    _ device: any VirtioDevice, at address: UInt32, memory: GuestMemory, router: any EventRouter
  ) throws(KVMError) {
    self.device = device
    self.memory = memory
    self.router = router
    let queueCount = device.queueSizeLimits.count
    // One for each queue and one for changes of the configuration.
    messages = try MessageTable(entryCount: queueCount + 1, router: router)
    registers = VirtioRegisters(
      offered: device.features | .version1, queueSizeLimits: device.queueSizeLimits,
      vectorCount: queueCount + 1)
    (space, messageControl) = Self.configurationSpace(
      of: device, at: address, messageCount: queueCount + 1)
  }

  var addresses: Range<UInt64> {
    let command = space.read(at: PCIConfigurationSpace.Offset.command, byteCount: 2)
    guard command & PCIConfigurationSpace.memorySpace != 0 else { return 0..<0 }
    let start = UInt64(
      space.read(at: PCIConfigurationSpace.Offset.baseAddress, byteCount: 4) & ~15)
    return start..<(start + UInt64(Part.byteCount))
  }

  func readConfiguration(at offset: Int, byteCount: Int) -> UInt32 {
    space.read(at: offset, byteCount: byteCount)
  }

  func writeConfiguration(_ value: UInt32, at offset: Int, byteCount: Int) {
    // A live device stays where its doorbells are.
    let isBaseAddress = (0x10..<0x28).contains(offset)
    guard !isBaseAddress || !registers.status.contains(.driverOK) else { return }
    space.write(value, at: offset, byteCount: byteCount)
    messages.setControl(
      UInt16(truncatingIfNeeded: space.read(at: messageControl, byteCount: 2)))
  }

  func read(at offset: Int, byteCount: Int) -> UInt64 {
    noteFailure()
    let within = offset & 0xFFF
    switch offset & ~0xFFF {
    case Part.common: return registers.read(at: within, byteCount: byteCount)
    case Part.device: return readDevice(at: within, byteCount: byteCount)
    case Part.messages: return messages.read(at: within, byteCount: byteCount)
    default: return 0  // doorbells, the interrupt status of a device with messages, nothing pending
    }
  }

  func write(_ value: UInt64, at offset: Int, byteCount: Int) {
    noteFailure()
    let within = offset & 0xFFF
    switch offset & ~0xFFF {
    case Part.common:
      act(on: registers.write(value, at: within, byteCount: byteCount))
    case Part.messages: messages.write(value, at: within, byteCount: byteCount)
    case Part.doorbells:
      // Before DRIVER_OK, and after a violation, there is nothing to serve.
      guard registers.status.contains(.driverOK), !registers.status.contains(.needsReset),
        within % Self.doorbellStride == 0
      else { return }
      device.serve(queue: within / Self.doorbellStride)
    default: break
    }
  }

  private func readDevice(at offset: Int, byteCount: Int) -> UInt64 {
    let bytes = device.configuration
    var value: UInt64 = 0
    for index in (0..<byteCount).reversed() {
      value = value << 8 | UInt64(offset + index < bytes.count ? bytes[offset + index] : 0)
    }
    return value
  }

  private func act(on effect: VirtioRegisters.Effect) {
    switch effect {
    case .nothing: break
    case .reset: reset()
    case .negotiate:
      let accepted = registers.accepted
      guard registers.offered.contains(accepted), accepted.contains(.version1),
        device.accepts(accepted)
      else { return }
      registers.agree()
    case .start: start()
    }
  }

  private func start() {
    let failure = failure
    let configurationEvent = event(registers.configurationVector)
    do {
      let queues = try setUpQueues()
      messages.isLive = true
      try device.activate(
        DeviceActivation(
          features: registers.accepted, memory: memory, queues: queues,
          report: { _ in
            failure.isSet.store(true, ordering: .relaxed)
            configurationEvent?.signal()
          }))
      // What found and set up the device is not needed again soon.
      ix_forget_code()
    } catch {
      fail()
    }
  }

  private func setUpQueues() throws -> [QueueSetup?] {
    let base = addresses.lowerBound
    return try registers.queues.enumerated().map { index, queue in
      guard queue.isEnabled else { return nil }
      let kick = try Descriptor.event()
      if device.isMoved(queue: index, features: registers.accepted) {
        let address = base + UInt64(Part.doorbells + index * Self.doorbellStride)
        try router.setDoorbell(
          at: address, value: UInt16(index), signals: kick, isAssigned: true)
        doorbells.append((address, UInt16(index), kick))
      }
      return QueueSetup(
        size: queue.size, descriptors: queue.descriptors, available: queue.available,
        used: queue.used, kick: kick, call: try event(queue.vector) ?? Descriptor.event())
    }
  }

  private func event(_ vector: UInt16) -> Descriptor? {
    let index = Int(vector)
    return messages.interrupts.indices.contains(index) ? messages.interrupts[index].event : nil
  }

  private func reset() {
    device.reset()
    for (address, queue, event) in doorbells {
      try? router.setDoorbell(at: address, value: queue, signals: event, isAssigned: false)
    }
    doorbells = []
    failure.isSet.store(false, ordering: .relaxed)
  }

  private func fail() {
    registers.fail()
    event(registers.configurationVector)?.signal()
  }

  private func noteFailure() {
    if failure.isSet.load(ordering: .relaxed) { registers.fail() }
  }
}
