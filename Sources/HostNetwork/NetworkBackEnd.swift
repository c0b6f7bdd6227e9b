import Drivers

/// What moves frames between the network queues of a guest and a network of the host.
///
/// A virtio network device owns one. The device offers `features` to its driver, calls `start` once
/// the driver has set everything up (DRIVER_OK), and `stop` before the driver may touch the queues
/// again (reset). In between the back end alone uses the queues.
package protocol NetworkBackEnd: AnyObject, Sendable {
  /// The features of frames and queues that it can serve: offloads, INDIRECT_DESC and the like. The
  /// device adds what it does itself (address, status, control queue, queue pairs).
  var features: VirtioFeatures { get }

  /// Most pairs of a receive and a transmit queue.
  var queuePairLimit: Int { get }

  /// Begins to move frames. Throws when the host refuses; then nothing was started.
  func start(_ activation: NetworkActivation) throws(SystemCallError)

  /// Ends all use of queues and guest memory before it returns. Does nothing when not started.
  func stop()

  /// How received frames are spread over receive queues from now on; also while started.
  func steer(_ steering: ReceiveSteering)
}

/// What a driver has agreed on, once and for all until the next reset.
package struct NetworkActivation: Sendable {
  package let features: VirtioFeatures
  package let memory: GuestMemory
  /// Receive queue 0, transmit queue 0, receive queue 1 and so on; both of a pair or neither.
  package let queues: [QueueSetup]
  package let steering: ReceiveSteering
  /// To be called, on any thread, when the driver breaks the rules of a queue, which is then left
  /// alone.
  package let report: @Sendable (QueueViolation) -> Void

  package init(
    features: VirtioFeatures, memory: GuestMemory, queues: [QueueSetup],
    steering: ReceiveSteering, report: @escaping @Sendable (QueueViolation) -> Void
  ) {
    self.features = features
    self.memory = memory
    self.queues = queues
    self.steering = steering
    self.report = report
  }
}

/// Where a split virtqueue lies in guest memory, as its driver says, and how both sides wake each
/// other (virtio 1.1, section 2.6).
package struct QueueSetup: Sendable {
  /// Descriptors; a power of two, 1 to 32,768.
  package let size: Int
  /// Guest addresses of the descriptor table, the available and the used ring.
  package let descriptors: UInt64
  package let available: UInt64
  package let used: UInt64
  /// Counts when the driver rings the doorbell.
  package let kick: Descriptor
  /// To be signalled to interrupt the driver.
  package let call: Descriptor

  package init(
    size: Int, descriptors: UInt64, available: UInt64, used: UInt64, kick: Descriptor,
    call: Descriptor
  ) {
    self.size = size
    self.descriptors = descriptors
    self.available = available
    self.used = used
    self.kick = kick
    self.call = call
  }
}

/// Which receive queue a frame goes to (virtio 1.2, sections 5.1.6.5.5 and 5.1.6.5.7).
package enum ReceiveSteering: Sendable, Equatable {
  /// The back end's own choice among this many queue pairs.
  case automatic(pairCount: Int)
  /// Toeplitz hash and indirection table.
  case hashed(ReceiveHashing)
}

/// Receive-side scaling as its driver configures it.
package struct ReceiveHashing: Sendable, Equatable {
  /// VIRTIO_NET_HASH_TYPE_*: which headers are hashed.
  package var kinds: UInt32
  /// 40 bytes.
  package var key: [UInt8]
  /// Receive queue by the low bits of the hash; a power of two of entries, at most 128. Every entry
  /// is less than the number of queue pairs.
  package var table: [UInt16]
  /// Receive queue of frames without a hash.
  package var unclassified: UInt16
  /// Transmit queues in use.
  package var pairCount: Int

  package init(
    kinds: UInt32, key: [UInt8], table: [UInt16], unclassified: UInt16, pairCount: Int
  ) {
    self.kinds = kinds
    self.key = key
    self.table = table
    self.unclassified = unclassified
    self.pairCount = pairCount
  }
}
