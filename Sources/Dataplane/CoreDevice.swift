import Network
import Packets
import Wire

/// The network as one of several cores sees it: a queue pair of the card, or a way to the core that
/// has one.
///
/// A card with a single queue pair belongs to the first core. It receives for all, and the packets go
/// on by `CoreLinks`; what the others send comes to it through their uplinks.
package struct CoreDevice<Card: NetworkDevice & ~Copyable>: NetworkDevice, ~Copyable {
  /// Of a core without a queue pair a placeholder, which does nothing. Not an optional: the compiler
  /// would call a function to find out which it is, several times for every frame.
  private var card: Card
  private let hasCard: Bool
  /// Of a core without a queue pair.
  private var uplink: Uplink?
  /// The other cores' uplinks, where this core has the only queue pair.
  private var downlinks: Downlinks
  package let macAddress: MACAddress
  package let offloads: Offloads

  /// A core with a queue pair. `mesh` is given where it is the only pair of several cores.
  package init?(card: consuming Card, mesh: CoreMesh?, arena: inout Arena) {
    guard let downlinks = Downlinks(mesh: mesh, arena: &arena) else { return nil }
    macAddress = card.macAddress
    offloads = card.offloads
    self.card = card
    hasCard = true
    uplink = nil
    self.downlinks = downlinks
  }

  /// Core `core`, which has none: `placeholder` receives nothing.
  package init?(
    placeholder: consuming Card, core: Int, mesh: CoreMesh, macAddress: MACAddress,
    offloads: Offloads, arena: inout Arena
  ) {
    guard let uplink = Uplink(core: core, mesh: mesh, arena: &arena),
      let downlinks = Downlinks(mesh: nil, arena: &arena)
    else { return nil }
    self.macAddress = macAddress
    // A frame is copied on its way; one to be cut into segments would not fit.
    self.offloads = Offloads(transmitChecksum: offloads.transmitChecksum)
    card = placeholder
    hasCard = false
    self.uplink = consume uplink
    self.downlinks = downlinks
  }
}

extension CoreDevice where Card: ~Copyable {
  @inline(__always)
  package var freeTransmitSlotCount: Int {
    hasCard ? card.freeTransmitSlotCount : uplinkFreeSlotCount
  }

  @inline(__always)
  package var completedTransmissionCount: UInt32 {
    hasCard ? card.completedTransmissionCount : uplinkCount
  }

  private var uplinkFreeSlotCount: Int {
    switch uplink {
    case .some(let uplink): return uplink.freeSlotCount
    case .none: return 0
    }
  }

  private var uplinkCount: UInt32 {
    switch uplink {
    case .some(let uplink): return uplink.count
    case .none: return 0
    }
  }

  /// Received frames of this core's queue pair that wait.
  package var waitingFrameCount: Int { card.waitingFrameCount }

  package var statistics: DeviceStatistics { card.statistics }

  @inline(__always)
  package mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    card.receive(&pool)
  }

  package func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool)
    -> UInt32?
  {
    card.flowHash(ofFrameAt: offset, in: buffer, pool: pool)
  }

  package mutating func prepare(from pool: inout PacketPool) { card.prepare(from: &pool) }
  package mutating func announceBuffers() { card.announceBuffers() }

  @inline(__always)
  package mutating func refill(from pool: inout PacketPool) { card.refill(from: &pool) }

  @inline(__always)
  package mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard !hasCard else {
      return card.transmit(frame, fragments: fragments, pool: &pool, writeHeader: writeHeader)
    }
    return send(frame, fragments: fragments, pool: &pool, writeHeader: writeHeader)
  }

  @inline(__always)
  private mutating func send(
    _ frame: OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    let isTaken =
      uplink?.transmit(frame, fragments: fragments, writeHeader: writeHeader) ?? false
    // The bytes have been copied.
    if frame.retained != PacketPool.none {
      pool.release(PacketBuffer(adopting: frame.retained))
    }
    return isTaken ? uplinkCount : nil
  }

  @inline(__always)
  package mutating func ringDoorbell() {
    card.ringDoorbell()
    uplink?.announce()
  }

  @inline(__always)
  package mutating func reclaim(_ pool: inout PacketPool) {
    card.reclaim(&pool)
    if !downlinks.isEmpty { forward(&pool) }
    uplink?.refresh()
  }

  /// Their doorbell is rung with that of this core's own frames.
  @inline(never)
  private mutating func forward(_ pool: inout PacketPool) {
    downlinks.forward(to: &card, pool: &pool)
  }

  package mutating func checkForLostNotification(now: Instant) {
    card.checkForLostNotification(now: now)
  }

  /// Nothing sleeps in the card either: frames that were forwarded after the doorbell had its turn in
  /// this cycle are announced before the core sleeps.
  package mutating func armInterrupt() -> Bool {
    guard !downlinks.hasWork() else { return true }
    card.ringDoorbell()
    return hasCard && card.armInterrupt()
  }

  package func disarmInterrupt() { card.disarmInterrupt() }

  @inline(__always)
  package mutating func takeWakes() -> UInt64 { uplink?.takeWakes() ?? 0 }

  /// Lets `change` change the card; does nothing on a core without one.
  package mutating func withCard(_ change: (inout Card) -> Void) {
    if hasCard { change(&card) }
  }

  package mutating func steer(by flows: FlowSteering) {
    if hasCard { card.steer(by: flows) }
  }

  package mutating func isSteering() -> Bool { hasCard && card.isSteering() }
}
