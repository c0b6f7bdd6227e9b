import Packets
import Wire

extension VirtioFeatures {
  /// What a network driver wants of what is offered (virtio 1.1, section 5.1.3). Merged segments
  /// are wanted only in several buffers, and several buffers only for them: any other frame fits one.
  /// Several queue pairs are of use only where they can be switched on, hashes only where packets are
  /// to be given to cores by us.
  static func chosenForNetwork(of offered: Self, isMultiqueue: Bool) -> Self {
    var wanted =
      networkAddress | networkStatus | networkChecksum | networkGuestChecksum
      | indirectDescriptors
    if isMultiqueue, offered.contains(networkControl | networkQueuePairs) {
      wanted = wanted | networkControl | networkQueuePairs | networkReceiveScaling
    }
    // A device that puts packets where they belong need not say why.
    if isMultiqueue, offered.contains(networkControl | networkHashReport),
      !offered.contains(networkQueuePairs | networkReceiveScaling)
    {
      wanted = wanted | networkControl | networkHashReport
    }
    // Section 5.1.3.1: segmentation depends on the checksum, both ways.
    let sending = offered.contains(networkChecksum) ? wanted | networkSegmentation : wanted
    let merging = networkGuestSegmentation | networkMergedBuffers
    return offered.contains(merging | networkGuestChecksum) ? sending | merging : sending
  }
}

extension VirtioNetwork {
  /// The device's own address (section 5.1.4), nil when it has none that a sender may use.
  static func readAddress(_ transport: Transport, hasAddress: Bool) -> MACAddress? {
    guard hasAddress, transport.configurationByteCount >= 6 else { return nil }
    // Section 2.4.1: read again when the configuration changed meanwhile, but not for ever.
    var remaining = 16
    while remaining > 0 {
      let generation = transport.readConfigurationGeneration()
      var value: UInt64 = 0
      for offset in 0..<6 {
        value = value << 8 | UInt64(transport.readConfiguration8(at: offset))
      }
      if transport.readConfigurationGeneration() == generation {
        let address = MACAddress(value)
        return address.isGroup || value == 0 ? nil : address
      }
      remaining &-= 1
    }
    return nil
  }

  /// Whether the link is up; a device that cannot tell is always up.
  package func isLinkUp() -> Bool {
    guard features.contains(.networkStatus), transport.configurationByteCount >= 8 else {
      return true
    }
    // `status`, VIRTIO_NET_S_LINK_UP (section 5.1.4).
    return transport.readConfiguration16(at: 6) & 1 != 0
  }

  /// The device's queues and what is remembered about them.
  struct Parts: ~Copyable {
    let receive: Queue
    let transmit: Queue
    let receiveBuffers: Table<UInt32>
    let retained: Table<UInt32>
    let slots: TransmitSlots
    let cutter: SegmentCutter

    init(
      pair: Int, _ transport: Transport, queueSize: Int, features: VirtioFeatures,
      arena: inout Arena, map: DirectMap
    ) throws(VirtioError) {
      let receive = try Queue(
        receiveQueueNumber(pair), transport, size: queueSize,
        writableByteCount: receiveByteCount(features), arena: &arena, map: map)
      // Where there are no tables a slot holds a frame with all fragments it can have.
      let hasTables = features.contains(.indirectDescriptors)
      let transmit = try Queue(
        transmitQueueNumber(pair), transport, size: queueSize,
        chainLimit: hasTables ? 2 : minimumQueueSize, arena: &arena, map: map)
      try self.init(
        receive, transmit, hasTables: hasTables, features: features, arena: &arena, map: map)
    }

    /// Queues that no device knows.
    init(absentIn arena: inout Arena, map: DirectMap) throws(VirtioError) {
      let receive = try Queue(absentIn: &arena, map: map)
      let transmit = try Queue(absentIn: &arena, map: map)
      try self.init(
        receive, transmit, hasTables: false, features: .none, arena: &arena, map: map)
    }

    private init(
      _ receive: consuming Queue, _ transmit: consuming Queue, hasTables: Bool,
      features: VirtioFeatures, arena: inout Arena, map: DirectMap
    ) throws(VirtioError) {
      let slotCount = transmit.queue.slotCount
      guard
        let receiveBuffers = arena.carve(count: receive.queue.size, repeating: PacketPool.none),
        let retained = arena.carve(count: slotCount, repeating: PacketPool.none),
        let slots = TransmitSlots(
          count: slotCount, hasTables: hasTables,
          deviceHeaderByteCount: VirtioNetworkHeader.byteCount(features), arena: &arena, map: map),
        let cutter = SegmentCutter(arena: &arena)
      else { throw .outOfMemory }
      self.receive = receive
      self.transmit = transmit
      self.receiveBuffers = receiveBuffers
      self.retained = retained
      self.slots = slots
      self.cutter = cutter
    }
  }

  /// A queue and where its device is told of work in it.
  struct Queue: ~Copyable {
    var queue: SplitVirtqueue
    let doorbell: VirtioDoorbell

    init(
      _ number: UInt16, _ transport: Transport, size: Int, atLeast least: Int = minimumQueueSize,
      chainLimit: Int = 1, writableByteCount: UInt16 = 0, arena: inout Arena, map: DirectMap
    ) throws(VirtioError) {
      let limit = min(transport.queueSizeLimit(of: number), min(size, 32_768))
      guard limit >= least else { throw .queueRefused }
      // The largest power of two that is not above the limit.
      let chosen = 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
      guard
        let queue = SplitVirtqueue(
          size: chosen, chainLimit: chainLimit, writableByteCount: writableByteCount,
          arena: &arena, map: map)
      else { throw .outOfMemory }
      guard let doorbell = transport.enableQueue(number, at: queue.layout) else {
        throw .queueRefused
      }
      self.queue = queue
      self.doorbell = doorbell
    }

    /// A queue that no device knows: nothing goes in and nothing comes out.
    init(absentIn arena: inout Arena, map: DirectMap) throws(VirtioError) {
      guard
        var queue = SplitVirtqueue(
          size: 2, chainLimit: 1, writableByteCount: 0, arena: &arena, map: map)
      else { throw .outOfMemory }
      queue.isBroken = true
      self.queue = queue
      doorbell = VirtioDoorbell(queue: 0, offset: 0)
    }
  }
}
