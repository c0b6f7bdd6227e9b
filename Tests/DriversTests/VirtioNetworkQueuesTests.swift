import Drivers
import Packets
import TestSupport
import Testing
import Wire

/// A network device with a queue pair for each core (virtio 1.2, sections 5.1.2 and 5.1.6.5).
@Suite struct VirtioNetworkQueuesTests {
  static let multiqueue: UInt64 = 1 << 17 | 1 << 22
  static let receiveScaling: UInt64 = 1 << 60

  /// A device with `pairCount` queue pairs and a control queue behind them.
  static func model(pairCount: Int, features: UInt64) -> FakeVirtioDevice {
    let model = FakeVirtioDevice(offered: FakeVirtioDevice.defaultFeatures | features)
    model.queues = .init(repeating: .init(), count: 2 * pairCount + 1)
    model.controlQueue = 2 * pairCount
    // max_virtqueue_pairs, mtu, speed, duplex, rss_max_key_size, rss_max_indirection_table_length,
    // supported_hash_types.
    model.configuration =
      FakeVirtioDevice.address + [1, 0, UInt8(pairCount), 0, 0xDC, 5] + [0, 0, 0, 0, 0]
      + [40, 128, 0, 0x3F, 0, 0, 0]
    return model
  }

  struct Rig: ~Copyable {
    private let arenaMemory = TestMemory(byteCount: 8 << 20)
    private let flowMemory = TestMemory(byteCount: FlowSteering.storageByteCount)
    var arena: Arena
    let setup: VirtioNetworkSetup<VirtioPCITransport<FakePCIWindow>>
    let flows: FlowSteering

    init(_ model: FakeVirtioDevice, coreCount: Int) throws {
      let device = VirtioFunction.capability(kind: 4, offset: 0x2000, byteCount: 24)
      let bus = VirtioFunction.bus([
        VirtioFunction.common, VirtioFunction.interrupt, device, VirtioFunction.doorbells,
      ])
      setup = try VirtioNetworkSetup(
        VirtioFunction.transport(model, bus: bus), coreCount: coreCount,
        fallbackAddress: NetworkRig.fallback)
      arena = arenaMemory.arena
      flows = FlowSteering(
        core: 0, coreCount: coreCount, hash: .usual, storage: flowMemory.region)
    }

    mutating func start() throws {
      try setup.start(
        steering: ReceiveScaling(hash: .usual, flows: flows), arena: &arena,
        map: DirectMap(offset: 0))
    }

    mutating func makeAllPairs() throws {
      for pair in 0..<setup.pairCount {
        _ = try setup.makePair(pair, arena: &arena, map: DirectMap(offset: 0))
      }
    }
  }

  @Test func aDeviceThatHashesIsGivenOurKeyAndTable() throws {
    let model = Self.model(pairCount: 4, features: Self.multiqueue | Self.receiveScaling)
    var rig = try Rig(model, coreCount: 4)
    let (pairCount, steersByHash) = (rig.setup.pairCount, rig.setup.steersByHash)
    #expect(pairCount == 4 && steersByHash)
    try rig.makeAllPairs()
    #expect(model.queues.prefix(8).allSatisfy { $0.isEnabled })
    try rig.start()
    #expect(model.status == 15)
    // Class 4, command 1; TCPv4 and UDPv4; mask; unclassified queue; table; transmit queues; key.
    var expected: [UInt8] = [4, 1, 6, 0, 0, 0, 127, 0, 0, 0]
    for group in 0..<128 { expected += [UInt8(group % 4), 0] }
    expected += [4, 0, 40]
    let key = ToeplitzHash.usual.keyBytes
    for index in 0..<40 { expected.append(key[index]) }
    #expect(model.commands == [expected])
  }

  @Test func aDeviceThatDoesNotIsToldHowManyPairsAreUsed() throws {
    let model = Self.model(pairCount: 8, features: Self.multiqueue)
    var rig = try Rig(model, coreCount: 2)
    let (pairCount, steersByHash) = (rig.setup.pairCount, rig.setup.steersByHash)
    #expect(pairCount == 2 && !steersByHash)
    try rig.makeAllPairs()
    try rig.start()
    #expect(model.commands == [[4, 0, 2, 0]])
  }

  @Test func aDeviceWithTooFewPairsUsesOne() throws {
    let model = Self.model(pairCount: 2, features: Self.multiqueue | Self.receiveScaling)
    var rig = try Rig(model, coreCount: 4)
    let pairCount = rig.setup.pairCount
    #expect(pairCount == 1)
    try rig.makeAllPairs()
    try rig.start()
    #expect(model.commands.isEmpty && model.status == 15)
  }

  @Test func aTableThatIsTooSmallIsNotUsed() throws {
    let model = Self.model(pairCount: 2, features: Self.multiqueue | Self.receiveScaling)
    model.configuration[18] = 64
    let rig = try Rig(model, coreCount: 2)
    let steersByHash = rig.setup.steersByHash
    #expect(!steersByHash)
  }

  @Test func aCommandThatIsRefusedIsAnError() throws {
    let model = Self.model(pairCount: 2, features: Self.multiqueue | Self.receiveScaling)
    model.commandAnswer = 1
    var rig = try Rig(model, coreCount: 2)
    try rig.makeAllPairs()
    var refusal: VirtioError?
    do { try rig.start() } catch let error as VirtioError { refusal = error }
    #expect(refusal == .commandRefused)
    #expect(model.status & 128 != 0)
  }

  static let hashReport: UInt64 = 1 << 17 | 1 << 57

  /// VIRTIO_NET_CTRL_MQ_HASH_CONFIG: TCPv4 and UDPv4, eight reserved bytes, key.
  static var reportCommand: [UInt8] {
    let key = ToeplitzHash.usual.keyBytes
    return [4, 2, 6, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [40] + (0..<40).map { key[$0] }
  }

  @Test func aDeviceThatOnlyReportsHashesUsesOurKey() throws {
    let model = Self.model(pairCount: 1, features: Self.hashReport)
    var rig = try Rig(model, coreCount: 2)
    let (pairCount, steersByHash) = (rig.setup.pairCount, rig.setup.steersByHash)
    #expect(pairCount == 1 && !steersByHash && model.accepted & 1 << 57 != 0)
    try rig.makeAllPairs()
    try rig.start()
    #expect(model.commands == [Self.reportCommand])
  }

  @Test func aDeviceWithPairsThatOnlyReportsHashesIsToldBoth() throws {
    let model = Self.model(pairCount: 2, features: Self.multiqueue | Self.hashReport)
    var rig = try Rig(model, coreCount: 2)
    try rig.makeAllPairs()
    try rig.start()
    #expect(model.commands == [[4, 0, 2, 0], Self.reportCommand])
  }

  /// Neither where the device steers by hash itself, nor for one core, nor with too short a key.
  @Test func hashesAreNotAskedForWhereNobodyNeedsThem() throws {
    let all = Self.multiqueue | Self.receiveScaling | Self.hashReport
    let steering = Self.model(pairCount: 2, features: all)
    _ = try Rig(steering, coreCount: 2)
    let single = Self.model(pairCount: 1, features: Self.hashReport)
    _ = try Rig(single, coreCount: 1)
    #expect(steering.accepted & 1 << 57 == 0 && single.accepted & 1 << 57 == 0)
    let short = Self.model(pairCount: 1, features: Self.hashReport)
    short.configuration[17] = 39
    var rig = try Rig(short, coreCount: 2)
    try rig.makeAllPairs()
    try rig.start()
    #expect(short.commands.isEmpty && short.status == 15)
  }

  /// The longer header stands in front of frames both ways, and the hash in it is believed where it is
  /// that of ports (virtio 1.2, section 5.1.6.4.4).
  @Test func aFrameComesWithItsHash() throws {
    let model = Self.model(pairCount: 1, features: Self.hashReport)
    var rig = try Rig(model, coreCount: 2)
    var network = try rig.setup.makePair(0, arena: &rig.arena, map: DirectMap(offset: 0))
    try rig.start()
    model.isRecording = false
    let poolMemory = TestMemory(byteCount: 300 * PacketPool.bufferByteCount)
    var pool = PacketPool(memory: poolMemory.region, arena: &rig.arena)!
    network.refill(from: &pool)
    network.ringDoorbell()
    for (kind, expected) in [(0, nil), (1, nil), (2, 0xDEAD_BEEF), (3, 0xDEAD_BEEF), (4, nil)]
      as [(UInt8, UInt32?)]
    {
      let header = [UInt8](repeating: 0, count: 12) + [0xEF, 0xBE, 0xAD, 0xDE, kind, 0, 9, 9]
      let bytes = (0..<60).map { UInt8($0) ^ kind }
      #expect(model.deliver(bytes, header: header))
      guard let frame = network.receive(&pool) else {
        Issue.record("nothing was received")
        return
      }
      let (offset, byteCount) = (frame.offset, frame.byteCount)
      let buffer = frame.takeBuffer()
      let start = pool.address(of: buffer.index).rawValue + UInt64(offset)
      #expect((0..<byteCount).map { load(start + UInt64($0), as: UInt8.self) } == bytes)
      // A piece of a longer segment begins elsewhere.
      let hashes = [offset, offset - 1].map {
        network.flowHash(ofFrameAt: $0, in: buffer.index, pool: pool)
      }
      #expect(hashes == [expected, nil])
      pool.release(buffer)
    }
    let fragments: [Fragment] = []
    let ticket = network.transmit(
      OutgoingFrame(headerByteCount: 14), fragments: fragments.span, pool: &pool
    ) { bytes in
      for offset in 0..<14 { bytes.storeBigEndian(UInt8(0xA0 + offset), at: offset) }
    }
    #expect(ticket != nil)
    network.ringDoorbell()
    #expect(
      model.transmitNext() == [UInt8](repeating: 0, count: 20) + (0..<14).map { UInt8(0xA0 + $0) })
  }

  /// Shorter than its header, and than both.
  @Test(arguments: [0, 12, 19, 20, 33]) func aFrameShorterThanTheLongerHeaderIsDropped(
    byteCount: Int
  ) throws {
    let model = Self.model(pairCount: 1, features: Self.hashReport)
    var rig = try Rig(model, coreCount: 2)
    var network = try rig.setup.makePair(0, arena: &rig.arena, map: DirectMap(offset: 0))
    try rig.start()
    let poolMemory = TestMemory(byteCount: 300 * PacketPool.bufferByteCount)
    var pool = PacketPool(memory: poolMemory.region, arena: &rig.arena)!
    network.refill(from: &pool)
    network.ringDoorbell()
    #expect(model.deliver([], header: [UInt8](repeating: 0, count: byteCount)))
    let isEmpty = network.receive(&pool) == nil
    #expect(isEmpty && network.counters.droppedShort == 1)
  }

  @Test func oneCoreDoesNotAskForSeveralPairs() throws {
    let model = Self.model(pairCount: 4, features: Self.multiqueue | Self.receiveScaling)
    _ = try Rig(model, coreCount: 1)
    #expect(model.accepted & (Self.multiqueue | Self.receiveScaling) == 0)
  }
}
