import Packets
import Wire

/// One queue pair of a virtio network device, polled (virtio 1.1, section 5.1).
///
/// Receive buffers are whole pool buffers, with room in front where the device may merge segments. A frame to be sent is one descriptor for the device's
/// and the packet's headers, then one for each fragment.
package struct VirtioNetwork<Transport: VirtioTransport>: NetworkDevice, ~Copyable {
  /// Queues of pair `pair` (section 5.1.2).
  static func receiveQueueNumber(_ pair: Int) -> UInt16 { UInt16(truncatingIfNeeded: 2 * pair) }
  static func transmitQueueNumber(_ pair: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: 2 * pair + 1)
  }
  /// The smallest queue that holds a frame with all fragments it can have.
  static var minimumQueueSize: Int { 32 }

  package let macAddress: MACAddress
  package let offloads: Offloads
  /// What the device and this driver agreed on.
  package let features: VirtioFeatures
  package internal(set) var counters = VirtioNetworkCounters()

  /// Bytes of the device's header in front of every frame.
  let headerByteCount: Int
  /// Where a frame begins in a receive buffer that is its first.
  let frameOffset: Int
  /// The header of most frames without a checksum, where the device may leave it out; otherwise zero,
  /// which stands in front of frames that have one.
  let usualUnsummed: VirtioNetworkHeader
  let transport: Transport
  let map: DirectMap
  let receiveDoorbell: VirtioDoorbell
  let transmitDoorbell: VirtioDoorbell
  var receiveQueue: SplitVirtqueue
  var transmitQueue: SplitVirtqueue
  /// The pool buffer in each slot of the receive queue.
  var receiveBuffers: Table<UInt32>
  /// The pool buffer to be released with the frame in each slot of the transmit queue,
  /// `PacketPool.none` when there is none. Tickets are the queue's count of chains.
  var retained: Table<UInt32>
  var slots: TransmitSlots
  var cutter: SegmentCutter
  var receiveWatch = NotificationWatch()
  var transmitWatch = NotificationWatch()
  /// The device has other queue pairs.
  var hasSiblings: Bool
  /// Of the first queue pair of a device that hashes.
  var steering: VirtioSteering<Transport>?
  /// When the watches look again.
  var nextWatch = Instant(nanoseconds: 0)

  /// Sets a device up that only one core uses and starts it, without receive buffers yet.
  ///
  /// `queueSize` is the most descriptors either queue gets; `fallbackAddress` is used when the
  /// device has no usable address of its own. The queues and everything about them comes from
  /// `arena`: about 90 KiB for queues of 256 descriptors.
  package init(
    _ transport: Transport, queueSize: Int = 256, fallbackAddress: MACAddress,
    arena: inout Arena, map: DirectMap
  ) throws(VirtioError) {
    let setup = try VirtioNetworkSetup(transport, fallbackAddress: fallbackAddress)
    let parts = try setup.makeParts(0, queueSize: queueSize, arena: &arena, map: map)
    try setup.start(steering: nil, arena: &arena, map: map)
    self.init(of: setup, parts: parts, map: map)
  }

  /// A queue pair of a device being set up.
  init(
    of setup: borrowing VirtioNetworkSetup<Transport>, parts: consuming Parts,
    map: DirectMap
  ) {
    macAddress = setup.macAddress
    offloads = setup.offloads
    features = setup.features
    headerByteCount = VirtioNetworkHeader.byteCount(setup.features)
    frameOffset =
      PacketPool.bufferByteCount - Int(Self.receiveByteCount(setup.features)) + headerByteCount
    usualUnsummed =
      setup.features.contains(.networkGuestChecksum)
      ? VirtioNetworkHeader(first: 34 << 48 | UInt64(VirtioNetworkHeader.needsChecksum), second: 16)
      : VirtioNetworkHeader(first: 0, second: 0)
    transport = setup.transport
    hasSiblings = setup.pairCount > 1
    self.map = map
    receiveDoorbell = parts.receive.doorbell
    transmitDoorbell = parts.transmit.doorbell
    receiveQueue = parts.receive.queue
    transmitQueue = parts.transmit.queue
    receiveBuffers = parts.receiveBuffers
    retained = parts.retained
    slots = parts.slots
    cutter = parts.cutter
  }
}
