import Packets
import Wire

/// A virtio network device between the handshake and its start: it gives out queue pairs, one for each
/// core that wants one.
package struct VirtioNetworkSetup<Transport: VirtioTransport>: ~Copyable {
  package let macAddress: MACAddress
  package let offloads: Offloads
  /// What the device and this driver agreed on.
  package let features: VirtioFeatures
  /// Queue pairs that will be used.
  package let pairCount: Int
  /// Pairs the device has, used or not: its control queue comes after them.
  private let pairLimit: Int
  let transport: Transport

  /// Begins to set the device up for `coreCount` cores. It has a queue pair for each, or else one.
  ///
  /// `fallbackAddress` is used when the device has no usable address of its own.
  package init(
    _ transport: Transport, coreCount: Int = 1, fallbackAddress: MACAddress
  ) throws(VirtioError) {
    guard transport.kind == .network else { throw .wrongKind }
    let features = try VirtioHandshake.begin(transport) {
      VirtioFeatures.chosenForNetwork(of: $0, isMultiqueue: coreCount > 1)
    }
    macAddress =
      VirtioNetwork<Transport>.readAddress(
        transport, hasAddress: features.contains(.networkAddress)) ?? fallbackAddress
    offloads = Offloads(
      transmitChecksum: features.contains(.networkChecksum),
      segmentation: features.contains(.networkSegmentation))
    // `max_virtqueue_pairs` (section 5.1.4).
    let isMultiqueue =
      features.contains(.networkQueuePairs) && transport.configurationByteCount >= 10
    pairLimit = isMultiqueue ? max(Int(transport.readConfiguration16(at: 8)), 1) : 1
    pairCount = pairLimit >= coreCount ? coreCount : 1
    self.features = features
    self.transport = transport
  }

  /// Sets up pair `pair`, one of `pairCount`. Its memory comes from `arena`.
  package func makePair(
    _ pair: Int, queueSize: Int = 256, arena: inout Arena, map: DirectMap
  ) throws(VirtioError) -> VirtioNetwork<Transport> {
    let parts = try makeParts(pair, queueSize: queueSize, arena: &arena, map: map)
    return VirtioNetwork(of: self, parts: parts, map: map)
  }

  /// What stands for a pair that there is not: it never receives and refuses to send.
  package func makeAbsentPair(
    arena: inout Arena, map: DirectMap
  ) throws(VirtioError) -> VirtioNetwork<Transport> {
    let parts = try VirtioNetwork<Transport>.Parts(absentIn: &arena, map: map)
    return VirtioNetwork(of: self, parts: parts, map: map)
  }

  func makeParts(
    _ pair: Int, queueSize: Int, arena: inout Arena, map: DirectMap
  ) throws(VirtioError) -> VirtioNetwork<Transport>.Parts {
    do throws(VirtioError) {
      return try VirtioNetwork<Transport>.Parts(
        pair: pair, transport, queueSize: queueSize, features: features, arena: &arena, map: map)
    } catch {
      VirtioHandshake.fail(transport)
      throw error
    }
  }

  /// Whether the device itself puts each packet into the queue of its owner when it is started with
  /// `steering`.
  package var steersByHash: Bool {
    pairCount > 1 && features.contains(.networkReceiveScaling) && takesOurKey
      && Int(transport.readConfiguration16(at: 18)) >= FlowSteering.groupCount
  }

  /// `rss_max_key_size` (section 5.1.4).
  private var takesOurKey: Bool {
    transport.configurationByteCount >= 24
      && Int(transport.readConfiguration8(at: 17)) >= ReceiveScaling.keyByteCount
  }

  /// Starts the device, after all pairs have been made. With several pairs it is told how to use
  /// them: by hash, as `steering` says, where it can, and in some way of its own where it cannot. Where
  /// it can only report hashes it does so by the same key.
  /// Returns what the first pair needs to tell it other owners later (`steersWith`).
  @discardableResult
  package func start(
    steering: ReceiveScaling?, arena: inout Arena, map: DirectMap
  ) throws(VirtioError) -> VirtioSteering<Transport>? {
    let reportsHashes = features.contains(.networkHashReport) && takesOurKey
    guard pairCount > 1 || reportsHashes, let steering else {
      VirtioHandshake.finish(transport)
      return nil
    }
    do throws(VirtioError) {
      var control = try VirtioNetworkControl(
        queue: UInt16(truncatingIfNeeded: 2 * pairLimit), transport, arena: &arena, map: map)
      VirtioHandshake.finish(transport)
      guard !steersByHash else {
        try control.scale(steering, pairCount: pairCount, transport)
        return VirtioSteering(
          control: control, key: steering.key, pairCount: pairCount, transport: transport)
      }
      if pairCount > 1 { try control.use(pairCount: pairCount, transport) }
      if reportsHashes { try control.report(key: steering.key, transport) }
      return nil
    } catch {
      VirtioHandshake.fail(transport)
      throw error
    }
  }
}

/// How a device is to choose the receive queue of a packet (virtio 1.2, section 5.1.6.5.7.1).
package struct ReceiveScaling: BitwiseCopyable {
  package static var keyByteCount: Int { 40 }

  /// The Toeplitz key.
  let key: InlineArray<40, UInt8>
  let flows: FlowSteering

  init(key: InlineArray<40, UInt8>, flows: FlowSteering) {
    self.key = key
    self.flows = flows
  }

  /// Each flow group goes to the queue pair with the number of its owner.
  package init(hash: ToeplitzHash, flows: FlowSteering) {
    key = hash.keyBytes
    self.flows = flows
  }
}
