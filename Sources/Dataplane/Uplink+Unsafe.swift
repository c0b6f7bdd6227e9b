import Network
import Packets
import Wire

/// The way out of a core without a queue of its own: frames are copied into memory of this core, from
/// where the first core takes them.
@safe
struct Uplink: ~Copyable {
  /// Room for an Ethernet frame.
  private static var frameByteCount: Int { 2048 }

  let core: Int
  private var sender: CoreRing.Sender
  private let frames: MemoryRegion
  private let mesh: CoreMesh
  /// Frames taken, all of them finished at once: their bytes have been copied.
  private(set) var count: UInt32 = 0
  private(set) var wakes: UInt64 = 0
  private var isUnannounced = false

  /// Nil when the arena is too small.
  init?(core: Int, mesh: CoreMesh, arena: inout Arena) {
    guard
      let frames = arena.carve(byteCount: CoreRing.capacity * Self.frameByteCount, alignment: 64)
    else { return nil }
    self.core = core
    self.mesh = mesh
    self.frames = frames
    sender = CoreRing.Sender(memory: mesh.uplink(of: core))
  }

  /// Frames that can be taken now.
  var freeSlotCount: Int { CoreRing.capacity &- Int(sender.position &- sender.takenPosition) }

  /// Looks which frames the first core has sent.
  mutating func refresh() { sender.refresh() }

  /// Takes a frame; false when it is too long or the ring full.
  @inline(__always)
  mutating func transmit(
    _ frame: OutgoingFrame, fragments: Span<Fragment>,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> Bool {
    let byteCount = frame.headerByteCount &+ fragments.totalByteCount
    guard byteCount <= Self.frameByteCount, freeSlotCount > 0 else { return false }
    let slot = Int(sender.position) & (CoreRing.capacity &- 1)
    // SAFETY: the slot lies in the region, and the other core has released what was in it.
    let start = unsafe frames.pointer + slot &* Self.frameByteCount
    var header = unsafe MutableRawSpan(_unsafeStart: start, byteCount: frame.headerByteCount)
    writeHeader(&header)
    var offset = frame.headerByteCount
    for index in fragments.indices where fragments[index].byteCount > 0 {
      let fragment = fragments[index]
      let source = MemoryRegion(base: fragment.address, byteCount: fragment.byteCount)
      // SAFETY: fragments are memory of this core that does not change while a frame is queued; the
      // sum of their lengths was checked.
      unsafe (start + offset).copyMemory(from: source.pointer, byteCount: fragment.byteCount)
      offset &+= fragment.byteCount
    }
    let message = OutgoingMessage(
      address: frames.base + slot &* Self.frameByteCount,
      byteCount: UInt32(truncatingIfNeeded: byteCount),
      checksumStart: UInt16(truncatingIfNeeded: frame.checksumStart),
      checksumOffset: UInt16(truncatingIfNeeded: frame.checksumOffset))
    guard sender.send(message) else { return false }
    count &+= 1
    isUnannounced = true
    return true
  }

  /// Notes that the first core has something to do.
  mutating func announce() {
    guard isUnannounced else { return }
    isUnannounced = false
    wakes |= mesh.sleeping(among: 1)
  }

  mutating func takeWakes() -> UInt64 {
    let taken = wakes
    wakes = 0
    return taken
  }
}

/// The first core's end of all uplinks.
struct Downlinks: ~Copyable {
  private var receivers: Table<CoreRing.Receiver>

  /// None without a mesh. Nil when the arena is too small.
  init?(mesh: CoreMesh?, arena: inout Arena) {
    let nowhere = CoreRing.Receiver(memory: CoreMesh.nowhere)
    guard var receivers = arena.carve(count: mesh?.coreCount ?? 0, repeating: nowhere) else {
      return nil
    }
    if let mesh {
      for core in 0..<mesh.coreCount {
        receivers[core] = CoreRing.Receiver(memory: mesh.uplink(of: core))
      }
    }
    self.receivers = receivers
  }

  @inline(__always)
  var isEmpty: Bool { receivers.count == 0 }

  /// Whether a core has something to be sent.
  func hasWork() -> Bool {
    for core in 0..<receivers.count where receivers[core].waitingCount() > 0 { return true }
    return false
  }

  /// Queues the other cores' frames at `card` as copies in buffers of this core's pool, as many as
  /// there is room for.
  mutating func forward<Card: NetworkDevice & ~Copyable>(
    to card: inout Card, pool: inout PacketPool
  ) {
    for core in 0..<receivers.count {
      for _ in 0..<receivers[core].waitingCount() {
        guard card.freeTransmitSlotCount > 0, let buffer = pool.allocate() else { return }
        let message = receivers[core].oldest(OutgoingMessage.self)
        Self.send(message, in: buffer, to: &card, pool: &pool)
        receivers[core].release()
      }
    }
  }

  /// A frame from the first byte of a buffer; its link header, of 14 bytes, counts as the header.
  private static func send<Card: NetworkDevice & ~Copyable>(
    _ message: OutgoingMessage, in buffer: consuming PacketBuffer, to card: inout Card,
    pool: inout PacketPool
  ) {
    let byteCount = Int(message.byteCount)
    let index = buffer.relinquish()
    pool.write(message.address, byteCount: byteCount, to: index)
    let headerByteCount = EthernetHeader.byteCount
    var frame = OutgoingFrame(headerByteCount: headerByteCount)
    frame.checksumStart = Int(message.checksumStart)
    frame.checksumOffset = Int(message.checksumOffset)
    frame.retained = index
    let rest: InlineArray<1, Fragment> = [
      Fragment(
        address: pool.address(of: index) + headerByteCount,
        byteCount: byteCount &- headerByteCount)
    ]
    let first: UInt64 = pool.bytes(of: index).bigEndian(at: 0)
    let second: UInt64 = pool.bytes(of: index).bigEndian(at: 6)
    _ = card.transmit(frame, fragments: rest.span, pool: &pool) { header in
      header.storeBigEndian(first, at: 0)
      header.storeBigEndian(second, at: 6)
    }
  }
}

extension PacketPool {
  /// Copies bytes of another core to the start of a buffer that the caller owns.
  fileprivate func write(_ address: KernelAddress, byteCount: Int, to target: UInt32) {
    precondition(byteCount >= 14 && byteCount <= Self.bufferByteCount, "a frame fits a buffer")
    let source = MemoryRegion(base: address, byteCount: byteCount)
    // SAFETY: the other core lends the bytes; `pointer` checks the index.
    unsafe pointer(to: target).copyMemory(from: source.pointer, byteCount: byteCount)
  }
}
