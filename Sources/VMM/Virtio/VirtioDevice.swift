import Drivers
import HostNetwork

/// What makes a virtio device the device it is; the rest is `VirtioFunction`'s.
protocol VirtioDevice: AnyObject {
  var kind: VirtioKind { get }
  /// PCI class code, as class << 16 | subclass << 8 | interface.
  var classCode: UInt32 { get }
  /// What it offers besides VERSION_1.
  var features: VirtioFeatures { get }
  /// The most descriptors of each queue.
  var queueSizeLimits: [Int] { get }
  /// Device-specific configuration, read-only.
  var configuration: [UInt8] { get }

  /// Whether a driver may take these of the features offered: some depend on others.
  func accepts(_ features: VirtioFeatures) -> Bool
  /// Whether somebody waits for the doorbell of a queue; otherwise `serve` is called for it.
  func isMoved(queue: Int, features: VirtioFeatures) -> Bool
  /// The driver is ready. Throws for queues that cannot be used.
  func activate(_ activation: DeviceActivation) throws(DeviceError)
  /// A doorbell of a queue that nobody waits for.
  func serve(queue: Int)
  /// Ends all use of queues and guest memory before it returns.
  func reset()
}

/// What a driver has agreed on, until the next reset.
struct DeviceActivation {
  let features: VirtioFeatures
  let memory: GuestMemory
  /// By number; nil for queues the driver has not enabled.
  let queues: [QueueSetup?]
  let report: @Sendable (QueueViolation) -> Void
}

/// Why a device cannot start.
enum DeviceError: Error {
  case queue(QueueViolation)
  case host(SystemCallError)
}
