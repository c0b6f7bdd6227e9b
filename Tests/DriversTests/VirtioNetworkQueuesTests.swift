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

  @Test func oneCoreDoesNotAskForSeveralPairs() throws {
    let model = Self.model(pairCount: 4, features: Self.multiqueue | Self.receiveScaling)
    _ = try Rig(model, coreCount: 1)
    #expect(model.accepted & (Self.multiqueue | Self.receiveScaling) == 0)
  }
}
