import Drivers
import HostNetwork

/// A source of random numbers (virtio 1.1, section 5.4): the host's.
final class EntropyDevice: VirtioDevice {
  /// Most bytes for one request: the device serves on the processor that asks.
  private static let byteLimit = 256
  private static let queueSize = 64

  let kind = VirtioKind.entropy
  let classCode: UInt32 = 0x10_00_00
  let features = VirtioFeatures.indirectDescriptors
  let queueSizeLimits = [EntropyDevice.queueSize]
  let configuration: [UInt8] = []
  private var requests: RequestQueue?

  func accepts(_ features: VirtioFeatures) -> Bool { true }
  func isMoved(queue: Int, features: VirtioFeatures) -> Bool { false }

  func activate(_ activation: DeviceActivation) throws(DeviceError) {
    guard let setup = activation.queues[0] else { return }
    do throws(QueueViolation) {
      requests = try RequestQueue(setup, activation)
    } catch {
      throw .queue(error)
    }
  }

  func serve(queue: Int) {
    requests?.serve { chain in
      chain.write(randomBytes(min(Self.byteLimit, chain.writableByteCount)))
    }
  }

  func reset() { requests = nil }
}
