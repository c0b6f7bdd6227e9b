import CX86
import Packets
import Wire

/// The control queue of a network device: commands, one at a time (virtio 1.2, section 5.1.6.5).
package struct VirtioNetworkControl<Transport: VirtioTransport>: ~Copyable {
  private var queue: VirtioNetwork<Transport>.Queue
  /// The command, and behind it the device's answer.
  private let memory: MemoryRegion
  private let map: DirectMap
  /// A command has been given and not been answered.
  private var isBusy = false

  private static var commandByteCount: Int { 1024 }
  /// Looks at the used ring before a device counts as stuck; each takes about a microsecond where
  /// the device runs elsewhere.
  private static var lookLimit: Int { 10_000_000 }

  init(
    queue number: UInt16, _ transport: Transport, arena: inout Arena, map: DirectMap
  ) throws(VirtioError) {
    guard let memory = arena.carve(byteCount: Self.commandByteCount + 64, alignment: 64) else {
      throw .outOfMemory
    }
    queue = try VirtioNetwork.Queue(
      number, transport, size: 16, atLeast: 2, chainLimit: 2, writableByteCount: 1, arena: &arena,
      map: map)
    self.memory = memory
    self.map = map
  }

  /// VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET: class 4, command 0.
  mutating func use(pairCount: Int, _ transport: Transport) throws(VirtioError) {
    var command = Command(memory, limit: Self.commandByteCount)
    command.append(4 as UInt8)
    command.append(0 as UInt8)
    command.append(UInt16(truncatingIfNeeded: pairCount))
    try perform(command.byteCount, transport)
  }

  /// The device chooses receive queues as `steering` says, when this returns.
  mutating func scale(
    _ steering: ReceiveScaling, pairCount: Int, _ transport: Transport
  ) throws(VirtioError) {
    try perform(write(steering, pairCount: pairCount), transport)
  }

  /// Asks for the same without waiting; false while an earlier command is not answered.
  mutating func beginScaling(
    _ steering: ReceiveScaling, pairCount: Int, _ transport: Transport
  ) -> Bool {
    guard !isBusy, begin(write(steering, pairCount: pairCount), transport) else { return false }
    return true
  }

  /// VIRTIO_NET_CTRL_MQ_HASH_CONFIG: class 4, command 2, and `struct virtio_net_hash_config`. The device
  /// reports the hashes of TCP and UDP over IPv4 from now on.
  mutating func report(key: InlineArray<40, UInt8>, _ transport: Transport) throws(VirtioError) {
    var command = Command(memory, limit: Self.commandByteCount)
    command.append(4 as UInt8)
    command.append(2 as UInt8)
    command.append(Self.hashedKinds)
    command.append(0 as UInt64)
    append(key, to: &command)
    try perform(command.byteCount, transport)
  }

  /// VIRTIO_NET_RSS_HASH_TYPE_TCPv4 and _UDPv4.
  private static var hashedKinds: UInt32 { 1 << 1 | 1 << 2 }

  private func append(_ key: InlineArray<40, UInt8>, to command: inout Command) {
    command.append(UInt8(ReceiveScaling.keyByteCount))
    for index in 0..<ReceiveScaling.keyByteCount { command.append(key[index]) }
  }

  /// Whether the latest command is answered, and if it is, whether it was obeyed; nil while it is
  /// not.
  mutating func poll() -> Bool? {
    guard isBusy else { return true }
    guard queue.queue.takeUsed() != nil else {
      if queue.queue.isBroken { isBusy = false }
      return queue.queue.isBroken ? false : nil
    }
    isBusy = false
    return isObeyed
  }

  /// VIRTIO_NET_CTRL_MQ_RSS_CONFIG: class 4, command 1, and `struct virtio_net_rss_config`. Packets
  /// that are not TCP or UDP over IPv4 go to the first queue. Returns the command's bytes.
  private func write(_ steering: ReceiveScaling, pairCount: Int) -> Int {
    var command = Command(memory, limit: Self.commandByteCount)
    command.append(4 as UInt8)
    command.append(1 as UInt8)
    command.append(Self.hashedKinds)
    command.append(UInt16(FlowSteering.groupCount - 1))
    command.append(0 as UInt16)
    for group in 0..<FlowSteering.groupCount {
      command.append(UInt16(steering.flows.owner(of: UInt16(group))))
    }
    command.append(UInt16(truncatingIfNeeded: pairCount))
    append(steering.key, to: &command)
    return command.byteCount
  }

  /// False when the queue takes no command.
  private mutating func begin(_ byteCount: Int, _ transport: Transport) -> Bool {
    guard queue.queue.nextSlot != nil else { return false }
    let address = map.deviceAddress(of: memory.base)
    let answer = memory.base + Self.commandByteCount
    queue.queue.submit(
      request: address, byteCount: byteCount, reply: map.deviceAddress(of: answer))
    if queue.queue.publish() { transport.ring(queue.doorbell) }
    isBusy = true
    return true
  }

  private mutating func perform(_ byteCount: Int, _ transport: Transport) throws(VirtioError) {
    guard begin(byteCount, transport) else { throw .commandRefused }
    for _ in 0..<Self.lookLimit {
      guard let isObeyed = poll() else { continue }
      guard isObeyed else { throw .commandRefused }
      return
    }
    throw .commandRefused
  }

  /// VIRTIO_NET_OK.
  private var isObeyed: Bool {
    // SAFETY: the answer lies in the region, behind the command.
    unsafe x86_device_read8(memory.pointer + Self.commandByteCount) == 0
  }

  /// A command being written, little-endian.
  @safe
  private struct Command {
    private let start: UnsafeMutableRawPointer
    private let limit: Int
    private(set) var byteCount = 0

    init(_ memory: MemoryRegion, limit: Int) {
      // SAFETY: the region was carved for commands and is larger than `limit`.
      unsafe start = unsafe memory.pointer
      self.limit = limit
    }

    mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
      let end = byteCount &+ MemoryLayout<Value>.size
      precondition(end <= limit, "a command longer than its memory")
      // SAFETY: the end was checked.
      unsafe start.storeBytes(of: value.littleEndian, toByteOffset: byteCount, as: Value.self)
      byteCount = end
    }
  }
}
