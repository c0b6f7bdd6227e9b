import Packets
import TCP
import Wire

/// One core's links to the others: packets that arrived at the wrong core go to their owner, and what
/// neighbours say goes to everybody.
package struct CoreLinks: ~Copyable {
  /// How packets find their core.
  package enum Steering: BitwiseCopyable, Sendable {
    /// The device hashes each packet and puts it into its owner's queue. What it cannot know, the
    /// flow of a fragment or of an error message, is found out here.
    case byDevice
    /// Packets arrive anywhere and are hashed here.
    case inSoftware
  }

  /// The far end of both directions between this core and another.
  private struct Link: BitwiseCopyable {
    var sender: CoreRing.Sender
    var receiver: CoreRing.Receiver
    /// The oldest message whose buffer has not been released.
    var reclaimed: UInt32 = 0
  }

  package let flows: FlowSteering
  let steering: Steering
  private let mesh: CoreMesh?
  private var links: Table<Link>
  /// Buffers of this core's pool that sent messages lend, by link and position.
  private var lent: Table<UInt32>
  /// Messages of all links whose buffers have not been released.
  private var unreclaimedCount = 0
  /// The core whose messages came first in the last cycle.
  private var firstInTurn = 0
  /// The other cores at whose queues packets of this one may arrive, one bit each.
  let feeders: UInt64
  /// Flow groups have changed their owners since the start.
  var ownersChange = false
  /// Cores that have been sent something since `takeWakes`.
  private var sentTo: UInt64 = 0
  package private(set) var counters = Counters()

  package struct Counters: BitwiseCopyable {
    /// Packets given to their owner, and taken from other cores.
    package var handedOver: UInt64 = 0
    package var takenOver: UInt64 = 0
    /// Packets dropped because a ring was full, or the owner had no buffer.
    package var dropped: UInt64 = 0
  }

  /// The only core's: there is nobody to link to. Nil when the arena is too small.
  package init?(aloneIn arena: inout Arena) {
    self.init(flows: .alone, steering: .byDevice, mesh: nil, arena: &arena)
  }

  /// `mesh` is nil for the only core; `queues` are the cores with a queue of the device, one bit each.
  /// Nil when the arena is too small.
  package init?(
    flows: FlowSteering, steering: Steering, mesh: CoreMesh?, queues: UInt64 = .max,
    arena: inout Arena
  ) {
    let count = mesh == nil ? 0 : flows.coreCount
    let core = flows.core
    guard let lent = arena.carve(count: count * CoreRing.capacity, repeating: PacketPool.none),
      let links = Self.links(of: core, count: count, mesh: mesh, arena: &arena)
    else { return nil }
    self.flows = flows
    self.steering = steering
    self.mesh = mesh
    self.links = links
    self.lent = lent
    ownGroups = flows.ownGroups()
    let others = (.max &>> UInt64(64 &- max(count, 1))) & ~(1 as UInt64 &<< UInt64(core))
    feeders = steering == .inSoftware && count > 0 ? others & queues : 0
  }

  private static func links(of core: Int, count: Int, mesh: CoreMesh?, arena: inout Arena)
    -> Table<Link>?
  {
    guard let mesh else {
      let nowhere = CoreMesh.nowhere
      return arena.carve(
        count: 0,
        repeating: Link(
          sender: CoreRing.Sender(memory: nowhere), receiver: CoreRing.Receiver(memory: nowhere)))
    }
    // A core's link to itself is never used.
    let own = mesh.ring(from: core, to: core)
    let placeholder = Link(
      sender: CoreRing.Sender(memory: own), receiver: CoreRing.Receiver(memory: own))
    guard var links = arena.carve(count: count, repeating: placeholder) else { return nil }
    for other in 0..<count where other != core {
      links[other] = Link(
        sender: CoreRing.Sender(memory: mesh.ring(from: core, to: other)),
        receiver: CoreRing.Receiver(memory: mesh.ring(from: other, to: core)))
    }
    return links
  }

  /// There is another core.
  @inline(__always)
  package var isShared: Bool { links.count > 0 }

  /// Packets must be hashed here: nobody else does it, or a group may have changed its owner faster
  /// than the device has learned of it.
  @inline(__always)
  var steersHere: Bool { isShared && (steering == .inSoftware || ownersChange) }

  /// The flow groups of this core that are here: neither on their way to it nor from it.
  package internal(set) var ownGroups: FlowGroupSet

  /// All cores but this one, one bit each.
  package var otherCores: UInt64 {
    guard isShared else { return 0 }
    return (.max &>> UInt64(64 &- links.count)) & ~(1 &<< UInt64(flows.core))
  }

  /// The core that owns `flow`, as its packets arrive; nil when it is this one.
  func owner(of flow: Flow) -> Int? {
    let hash = flows.hash(
      remote: flow.remoteAddress, local: flow.localAddress, remotePort: flow.remotePort,
      localPort: flow.localPort)
    return owner(ofHash: hash)
  }

  /// The core that owns the flows of this Toeplitz hash; nil when it is this one.
  func owner(ofHash hash: UInt32) -> Int? {
    let owner = flows.owner(of: FlowSteering.group(of: hash))
    return owner == flows.core ? nil : owner
  }

  /// Gives a packet to its owner, which copies it into a buffer of its own.
  mutating func handOver(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, to core: Int,
    pool: inout PacketPool
  ) {
    reclaim(core, pool: &pool)
    let message = CoreMessage.packet(packet, at: pool.address(of: buffer.index))
    let position = links[core].sender.position
    guard links[core].sender.send(message) else {
      counters.dropped &+= 1
      return pool.release(buffer)
    }
    lent[slot(position, of: core)] = buffer.relinquish()
    unreclaimedCount &+= 1
    counters.handedOver &+= 1
    sentTo |= 1 &<< UInt64(core)
  }

  /// Tells all other cores what a neighbour said; a core whose ring is full asks again itself.
  mutating func spread(
    _ packet: ARPPacketFields, addressedToUs: Bool, pool: inout PacketPool
  ) {
    for core in 0..<links.count where core != flows.core {
      reclaim(core, pool: &pool)
      let position = links[core].sender.position
      guard links[core].sender.send(CoreMessage.neighbour(packet, addressedToUs: addressedToUs))
      else { continue }
      lent[slot(position, of: core)] = PacketPool.none
      unreclaimedCount &+= 1
      sentTo |= 1 &<< UInt64(core)
    }
  }

  /// Messages that `core` has room for.
  mutating func roomCount(to core: Int) -> Int {
    links[core].sender.refresh()
    return CoreRing.capacity
      &- Int(links[core].sender.position &- links[core].sender.takenPosition)
  }

  /// Tells `core` something, and lends it a buffer until it has taken that in; false when there is
  /// no room, and then the buffer is still the caller's.
  mutating func tell(
    _ message: CoreMessage, lending buffer: UInt32 = PacketPool.none, to core: Int,
    pool: inout PacketPool
  ) -> Bool {
    reclaim(core, pool: &pool)
    let position = links[core].sender.position
    guard links[core].sender.send(message) else { return false }
    lent[slot(position, of: core)] = buffer
    unreclaimedCount &+= 1
    sentTo |= 1 &<< UInt64(core)
    return true
  }

  /// Messages that were ever sent to `core`, modulo 2^32.
  func sentPosition(to core: Int) -> UInt32 { links[core].sender.position }

  /// Whether `core` has taken in the messages before `position`.
  mutating func hasTaken(_ position: UInt32, _ core: Int) -> Bool {
    links[core].sender.refresh()
    return Int32(bitPattern: links[core].sender.takenPosition &- position) >= 0
  }

  /// Releases the buffers of messages that the other cores are done with.
  package mutating func reclaim(_ pool: inout PacketPool) {
    guard unreclaimedCount > 0 else { return }
    for core in 0..<links.count where core != flows.core { reclaim(core, pool: &pool) }
  }

  @inline(__always)
  private mutating func reclaim(_ core: Int, pool: inout PacketPool) {
    guard links[core].reclaimed != links[core].sender.position else { return }
    links[core].sender.refresh()
    while links[core].reclaimed != links[core].sender.takenPosition {
      let buffer = lent[slot(links[core].reclaimed, of: core)]
      if buffer != PacketPool.none { pool.release(PacketBuffer(adopting: buffer)) }
      links[core].reclaimed &+= 1
      unreclaimedCount &-= 1
    }
  }

  private func slot(_ position: UInt32, of core: Int) -> Int {
    core &* CoreRing.capacity &+ Int(position) & (CoreRing.capacity &- 1)
  }

  /// Whether another core has sent anything. Nobody sends to itself.
  @inline(__always)
  package func hasMessage() -> Bool {
    for core in 0..<links.count where links[core].receiver.hasMessage() { return true }
    return false
  }

  /// How many messages of `core` can be taken now.
  @inline(__always)
  func waitingCount(from core: Int) -> Int {
    core == flows.core ? 0 : links[core].receiver.waitingCount()
  }

  func oldest(from core: Int) -> CoreMessage { links[core].receiver.oldest(CoreMessage.self) }
  mutating func release(from core: Int) { links[core].receiver.release() }
  mutating func countTakenOver() { counters.takenOver &+= 1 }
  mutating func countDropped() { counters.dropped &+= 1 }
  var coreCount: Int { links.count }

  /// The core whose messages are taken as number `turn` of this cycle; the first one is another in
  /// every cycle.
  mutating func core(inTurn turn: Int) -> Int {
    if turn == 0 { firstInTurn = firstInTurn &+ 1 == links.count ? 0 : firstInTurn &+ 1 }
    let core = firstInTurn &+ turn
    return core < links.count ? core : core &- links.count
  }

  /// The cores that have been sent something since the last call and sleep.
  @inline(__always)
  package mutating func takeWakes() -> UInt64 {
    guard sentTo != 0, let mesh else { return 0 }
    let mask = sentTo
    sentTo = 0
    return mesh.sleeping(among: mask)
  }

  /// About to sleep: from now on a message wakes this core. False when there is one already.
  package func prepareToSleep() -> Bool {
    guard let mesh else { return true }
    mesh.setAsleep(flows.core, true)
    for core in 0..<links.count where waitingCount(from: core) > 0 {
      mesh.setAsleep(flows.core, false)
      return false
    }
    return true
  }

  /// Awake again.
  package func endSleep() { mesh?.setAsleep(flows.core, false) }
}
