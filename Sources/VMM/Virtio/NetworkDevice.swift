import Drivers
import HostNetwork
import Wire

/// A virtio network device (virtio 1.2, section 5.1): configuration, queue pairs and the control
/// queue. What moves frames is its back end.
final class NetworkDevice: VirtioDevice {
  /// Descriptors of a receive or transmit queue: four batches of 64.
  private static let queueSize = 256
  private static let controlQueueSize = 64

  let kind = VirtioKind.network
  let classCode: UInt32 = 0x02_00_00
  private let address: MACAddress
  private let backEnd: any NetworkBackEnd
  private let pairLimit: Int
  private var control: RequestQueue?
  private var controlQueue = 0
  private var hasStarted = false
  /// Whole queue pairs, and features, of the driver.
  private var pairCount = 0
  private var agreed = VirtioFeatures.none

  init(address: MACAddress, backEnd: any NetworkBackEnd) {
    self.address = address
    self.backEnd = backEnd
    pairLimit = backEnd.queuePairLimit
  }

  var features: VirtioFeatures {
    let own = VirtioFeatures.networkAddress | .networkStatus | .networkControl
    let pairs = VirtioFeatures.networkQueuePairs | .networkReceiveScaling
    return backEnd.features | own | (pairLimit > 1 ? pairs : .none)
  }

  var queueSizeLimits: [Int] {
    Array(repeating: Self.queueSize, count: 2 * pairLimit) + [Self.controlQueueSize]
  }

  /// virtio_net_config: mac, status (up), max_virtqueue_pairs, mtu, speed, duplex,
  /// rss_max_key_size, rss_max_indirection_table_length, supported_hash_types.
  var configuration: [UInt8] {
    let mac = (0..<6).reversed().map { UInt8(truncatingIfNeeded: address.rawValue >> (8 * $0)) }
    let kinds = ReceiveHashing.supportedKinds
    return mac + [1, 0, UInt8(pairLimit), 0, 0, 0] + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
      + [UInt8(NetworkCommand.keyByteCount), UInt8(NetworkCommand.tableLimit), 0]
      + (0..<4).map { UInt8(truncatingIfNeeded: kinds >> UInt32(8 * $0)) }
  }

  /// Section 5.1.3.1.
  func accepts(_ features: VirtioFeatures) -> Bool {
    let needsControl = VirtioFeatures.networkQueuePairs | .networkReceiveScaling
    if features.intersects(needsControl), !features.contains(.networkControl) { return false }
    return !features.contains(.networkSegmentation) || features.contains(.networkChecksum)
  }

  /// Section 5.1.2: the control queue follows the pairs, of which there is one unless several were
  /// agreed on.
  private func controlQueue(_ features: VirtioFeatures) -> Int {
    features.intersects(.networkQueuePairs | .networkReceiveScaling) ? 2 * pairLimit : 2
  }

  func isMoved(queue: Int, features: VirtioFeatures) -> Bool {
    queue < controlQueue(features)
  }

  func activate(_ activation: DeviceActivation) throws(DeviceError) {
    controlQueue = controlQueue(activation.features)
    if activation.features.contains(.networkControl),
      let setup = activation.queues[controlQueue]
    {
      do throws(QueueViolation) {
        control = try RequestQueue(setup, activation)
      } catch {
        throw .queue(error)
      }
    }
    do throws(SystemCallError) {
      // One pair until a command asks for more (section 5.1.6.5.5).
      try backEnd.start(
        NetworkActivation(
          features: activation.features, memory: activation.memory, queues: pairs(of: activation),
          steering: .automatic(pairCount: 1), report: activation.report))
      hasStarted = true
    } catch {
      throw .host(error)
    }
  }

  /// The pairs that are enabled, up to the first one that is not whole.
  private func pairs(of activation: DeviceActivation) -> [QueueSetup] {
    var setups: [QueueSetup] = []
    for pair in 0..<(controlQueue / 2) {
      guard let receive = activation.queues[2 * pair],
        let transmit = activation.queues[2 * pair + 1]
      else { break }
      setups += [receive, transmit]
    }
    pairCount = setups.count / 2
    agreed = activation.features
    return setups
  }

  func serve(queue: Int) {
    guard hasStarted, queue == controlQueue else { return }
    control?.serve { chain in chain.write([obey(chain) ? 0 : 1]) }
  }

  /// Whether the command was understood and done.
  private func obey(_ chain: borrowing DescriptorChain) -> Bool {
    let bytes = chain.readBytes(limit: NetworkCommand.byteLimit)
    guard let command = NetworkCommand(parsing: bytes, pairCount: pairCount) else { return false }
    switch command {
    case .usePairs(let count):
      guard agreed.contains(.networkQueuePairs) else { return false }
      backEnd.steer(.automatic(pairCount: count))
    case .hash(let hashing):
      guard agreed.contains(.networkReceiveScaling) else { return false }
      backEnd.steer(.hashed(hashing))
    }
    return true
  }

  func reset() {
    if hasStarted { backEnd.stop() }
    hasStarted = false
    control = nil
  }
}
