import Drivers
import Wire

/// The registers of the common configuration structure (virtio 1.1, section 4.1.4.3) and what a
/// driver may do with them when. Knows nothing of the device behind them.
struct VirtioRegisters {
  static let noVector: UInt16 = 0xFFFF

  /// What a driver sets up about one queue.
  struct Queue {
    let sizeLimit: Int
    var size: Int
    var vector = VirtioRegisters.noVector
    var isEnabled = false
    var descriptors: UInt64 = 0
    var available: UInt64 = 0
    var used: UInt64 = 0

    init(sizeLimit: Int) {
      self.sizeLimit = sizeLimit
      size = sizeLimit
    }
  }

  let offered: VirtioFeatures
  let vectorCount: Int
  private(set) var status = VirtioStatus.none
  private(set) var accepted = VirtioFeatures.none
  private(set) var queues: [Queue]
  private(set) var configurationVector = Self.noVector
  private var deviceFeatureSelect: UInt32 = 0
  private var driverFeatureSelect: UInt32 = 0
  private var queueSelect = 0

  init(offered: VirtioFeatures, queueSizeLimits: [Int], vectorCount: Int) {
    self.offered = offered
    self.vectorCount = vectorCount
    queues = queueSizeLimits.map { Queue(sizeLimit: $0) }
  }

  /// Offset and width of each register.
  enum Field: Int, CaseIterable {
    case deviceFeatureSelect = 0
    case deviceFeature = 4
    case driverFeatureSelect = 8
    case driverFeature = 12
    case configurationVector = 16
    case queueCount = 18
    case status = 20
    case generation = 21
    case queueSelect = 22
    case queueSize = 24
    case queueVector = 26
    case queueEnable = 28
    case queueDoorbell = 30
    case descriptorsLow = 32
    case descriptorsHigh = 36
    case availableLow = 40
    case availableHigh = 44
    case usedLow = 48
    case usedHigh = 52

    var byteCount: Int {
      switch self {
      case .status, .generation: 1
      case .configurationVector, .queueCount, .queueSelect, .queueSize, .queueVector,
        .queueEnable, .queueDoorbell:
        2
      case .deviceFeatureSelect, .deviceFeature, .driverFeatureSelect, .driverFeature,
        .descriptorsLow, .descriptorsHigh, .availableLow, .availableHigh, .usedLow, .usedHigh:
        4
      }
    }
  }

  /// What follows from a write beyond the register itself.
  enum Effect: Equatable {
    case nothing
    case reset
    /// FEATURES_OK was asked for.
    case negotiate
    /// DRIVER_OK was set.
    case start
  }

  /// Section 4.1.3.1: fields are read by their own width; 64-bit ones by halves. 0 otherwise.
  func read(at offset: Int, byteCount: Int) -> UInt64 {
    guard let field = Field(rawValue: offset), field.byteCount == byteCount else { return 0 }
    switch field {
    case .deviceFeatureSelect: return UInt64(deviceFeatureSelect)
    case .deviceFeature: return half(of: offered, deviceFeatureSelect)
    case .driverFeatureSelect: return UInt64(driverFeatureSelect)
    case .driverFeature: return half(of: accepted, driverFeatureSelect)
    case .configurationVector: return UInt64(configurationVector)
    case .queueCount: return UInt64(queues.count)
    case .status: return UInt64(status.rawValue)
    case .generation: return 0  // the configuration never changes
    case .queueSelect: return UInt64(queueSelect)
    default: return queues.indices.contains(queueSelect) ? read(field, queues[queueSelect]) : 0
    }
  }

  private func half(of features: VirtioFeatures, _ select: UInt32) -> UInt64 {
    select < 2 ? features.rawValue >> (32 * UInt64(select)) & 0xFFFF_FFFF : 0
  }

  private func read(_ field: Field, _ queue: Queue) -> UInt64 {
    switch field {
    case .queueSize: return UInt64(queue.size)
    case .queueVector: return UInt64(queue.vector)
    case .queueEnable: return queue.isEnabled ? 1 : 0
    case .queueDoorbell: return UInt64(queueSelect)
    case .descriptorsLow: return queue.descriptors & 0xFFFF_FFFF
    case .descriptorsHigh: return queue.descriptors >> 32
    case .availableLow: return queue.available & 0xFFFF_FFFF
    case .availableHigh: return queue.available >> 32
    case .usedLow: return queue.used & 0xFFFF_FFFF
    case .usedHigh: return queue.used >> 32
    default: return 0
    }
  }

  /// Ignores what a driver must not do: other widths, read-only fields, features after FEATURES_OK,
  /// anything about an enabled queue or after DRIVER_OK.
  mutating func write(_ value: UInt64, at offset: Int, byteCount: Int) -> Effect {
    guard let field = Field(rawValue: offset), field.byteCount == byteCount else { return .nothing }
    switch field {
    case .deviceFeatureSelect: deviceFeatureSelect = UInt32(truncatingIfNeeded: value)
    case .driverFeatureSelect: driverFeatureSelect = UInt32(truncatingIfNeeded: value)
    case .driverFeature: setFeatures(value)
    case .configurationVector: configurationVector = vector(value)
    case .status: return setStatus(VirtioStatus(rawValue: UInt8(truncatingIfNeeded: value)))
    case .queueSelect: queueSelect = Int(value & 0xFFFF)
    case .deviceFeature, .queueCount, .generation, .queueDoorbell: break
    default: writeQueue(field, value)
    }
    return .nothing
  }

  private mutating func setFeatures(_ value: UInt64) {
    guard driverFeatureSelect < 2, !status.contains(.featuresOK) else { return }
    let shift = 32 * UInt64(driverFeatureSelect)
    accepted = VirtioFeatures(
      rawValue: accepted.rawValue & ~(0xFFFF_FFFF << shift) | (value & 0xFFFF_FFFF) << shift)
  }

  /// Section 4.1.5.1.2.1: a vector that does not exist reads back as NO_VECTOR.
  private func vector(_ value: UInt64) -> UInt16 {
    value < UInt64(vectorCount) ? UInt16(truncatingIfNeeded: value) : Self.noVector
  }

  private mutating func writeQueue(_ field: Field, _ value: UInt64) {
    guard queues.indices.contains(queueSelect), !status.contains(.driverOK),
      !queues[queueSelect].isEnabled
    else { return }
    let low = value & 0xFFFF_FFFF
    switch field {
    case .queueSize:
      let size = Int(value & 0xFFFF)
      // A size that cannot be is left for the queue's start to refuse.
      if size <= queues[queueSelect].sizeLimit { queues[queueSelect].size = size }
    case .queueVector: queues[queueSelect].vector = vector(value)
    case .queueEnable:
      if value & 0xFFFF == 1, status.contains(.featuresOK) { queues[queueSelect].isEnabled = true }
    case .descriptorsLow: Self.set(&queues[queueSelect].descriptors, low: low)
    case .descriptorsHigh: Self.set(&queues[queueSelect].descriptors, high: low)
    case .availableLow: Self.set(&queues[queueSelect].available, low: low)
    case .availableHigh: Self.set(&queues[queueSelect].available, high: low)
    case .usedLow: Self.set(&queues[queueSelect].used, low: low)
    case .usedHigh: Self.set(&queues[queueSelect].used, high: low)
    default: break
    }
  }

  private static func set(_ value: inout UInt64, low: UInt64) {
    value = value & ~0xFFFF_FFFF | low
  }
  private static func set(_ value: inout UInt64, high: UInt64) {
    value = value & 0xFFFF_FFFF | high << 32
  }

  /// Section 2.1.1: bits are only ever added, except that 0 resets.
  private mutating func setStatus(_ written: VirtioStatus) -> Effect {
    guard !written.isEmpty else {
      reset()
      return .reset
    }
    let added = written - status - .featuresOK - .driverOK - .needsReset
    status.insert(added)
    if written.contains(.featuresOK), !status.contains(.featuresOK) { return .negotiate }
    if written.contains(.driverOK), status.contains(.featuresOK), !status.contains(.driverOK) {
      status.insert(.driverOK)
      return .start
    }
    return .nothing
  }

  private mutating func reset() {
    self = Self(
      offered: offered, queueSizeLimits: queues.map(\.sizeLimit), vectorCount: vectorCount)
  }

  /// The device goes along with `accepted`.
  mutating func agree() { status.insert(.featuresOK) }

  /// DEVICE_NEEDS_RESET.
  mutating func fail() { status.insert(.needsReset) }
}
