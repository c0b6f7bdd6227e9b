import Drivers
import Packets
import TestSupport
import Wire

/// A driver, its fake device and a pool.
struct NetworkRig: ~Copyable {
  let model: FakeVirtioDevice
  var pool: PacketPool
  var network: VirtioNetwork<VirtioPCITransport<FakePCIWindow>>
  private let arenaMemory: TestMemory
  private let poolMemory: TestMemory

  static let fallback = MACAddress(0x02_00_00_00_00_01)

  init(
    _ model: FakeVirtioDevice = FakeVirtioDevice(), bufferCount: Int = 600, queueSize: Int = 256
  ) throws {
    self.model = model
    arenaMemory = TestMemory(byteCount: 1 << 20)
    poolMemory = TestMemory(byteCount: bufferCount * PacketPool.bufferByteCount)
    var arena = arenaMemory.arena
    // The pair of one of several cores where hashes can be had, which one core has no use for.
    let map = DirectMap(offset: 0)
    let setup = try VirtioNetworkSetup(
      VirtioFunction.transport(model), coreCount: model.offered & 1 << 57 == 0 ? 1 : 2,
      fallbackAddress: Self.fallback)
    let pair = try setup.makePair(0, queueSize: queueSize, arena: &arena, map: map)
    try setup.start(steering: nil, arena: &arena, map: map)
    network = pair
    pool = PacketPool(memory: poolMemory.region, arena: &arena)!
    model.isRecording = false
  }

  /// Gives the device buffers and tells it.
  mutating func refill() {
    network.refill(from: &pool)
    network.ringDoorbell()
  }

  /// The bytes of the next received frame; the buffer goes back to the pool.
  mutating func receive() -> (bytes: [UInt8], isVerified: Bool)? {
    guard let frame = network.receive(&pool) else { return nil }
    let isVerified = frame.isChecksumVerified
    let offset = frame.offset
    let byteCount = frame.byteCount
    let buffer = frame.takeBuffer()
    let start = pool.address(of: buffer.index).rawValue
    let bytes = (offset..<offset + byteCount).map { load(start + UInt64($0), as: UInt8.self) }
    pool.release(buffer)
    return (bytes, isVerified)
  }

  /// Queues a frame whose header is `header` and whose payload is `fragments`.
  mutating func transmit(
    header: [UInt8], fragments: [Fragment] = [],
    adjust: (inout OutgoingFrame) -> Void = { _ in }
  ) -> UInt32? {
    var frame = OutgoingFrame(headerByteCount: header.count)
    adjust(&frame)
    return network.transmit(frame, fragments: fragments.span, pool: &pool) { bytes in
      for (offset, byte) in header.enumerated() { bytes.storeBigEndian(byte, at: offset) }
    }
  }
}
