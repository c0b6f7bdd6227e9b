import IXABI
import Packets
import TCP

// Flow groups change their core: the side that loses them. No lock, and nobody waits but in its own
// cycle; what is said goes through the rings between cores.
//
// 1. The owner waits until the groups' connections are at rest (Endpoint+Leaving.swift). Many connections
//    go in slices, so that no cycle has to do with more than `sliceLimit` of them, or with one group.
// 2. It announces them to the new owner, which sets places aside and from then on keeps packets of
//    these groups back.
// 3. It takes the connections out of its tables and writes down the new owner: from here on the
//    connections stand still. It sends them.
// 4. It tells all other cores, and the first one tells the device. Each answers behind the last
//    packet that it handed over to the former owner, which passes on what it gets meanwhile.
// 5. It takes what its queue of the device held by then, passes it on, and says that this was all.
//    The new owner lets the connections begin, then the packets that were passed on arrive, then
//    those that came straight to it: nothing is lost or overtaken.

extension NetworkStack {
  /// How long connections may take to come to rest before their groups stay where they are: several
  /// round trips, and the delayed acknowledgment of a peer.
  package static var migrationPatience: Interval { .milliseconds(250) }

  /// Connections that go at a time, all of whose steps a core takes in one cycle each: some tens of
  /// microseconds.
  static var sliceLimit: Int { 256 }

  /// Flow groups of this core are on their way to another.
  package var isMigrating: Bool { departure.stage != .idle }

  /// Begins to move those of `groups` that this core owns to `core`. `.badArgument` when there is
  /// no such core or no such group here, `.wrongState` while others are on their way.
  package mutating func migrate(_ groups: FlowGroupSet, to core: Int, now: Instant) -> Status {
    guard links.isShared, core >= 0, core < links.coreCount, core != links.flows.core else {
      return .badArgument
    }
    guard departure.stage == .idle else { return .wrongState }
    var wanted = links.ownGroups
    var others = wanted
    others.subtract(groups)
    wanted.subtract(others)
    guard !wanted.isEmpty else { return .badArgument }
    departure = Departure()
    departure.target = core
    departure.wanted = wanted
    links.ownersChange = true
    beginSlice(now: now)
    return .ok
  }

  private mutating func beginSlice(now: Instant) {
    departure.slice = tcp.slice(of: departure.wanted, connectionLimit: Self.sliceLimit)
    departure.hasSliceMoved = false
    departure.deadline = now + Self.migrationPatience
    departure.stage = departure.wanted.isEmpty ? .idle : .asking
    tcp.ask(departure.slice)
  }

  /// Goes on with what `migrate` has begun; called in every cycle while `isMigrating`.
  package mutating func advanceMigration<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    switch departure.stage {
    case .idle: break
    case .asking: announceGroupsAtRest(now: now, pool: &pool)
    case .announced: detach(now: now, pool: &pool)
    case .moving: sendConnections(device: &device, pool: &pool)
    case .flushing: flush(device: &device, pool: &pool)
    case .draining: drain(device: &device, pool: &pool)
    case .finishing: finish(now: now)
    }
  }

  private mutating func announceGroupsAtRest(now: Instant, pool: inout PacketPool) {
    let (groups, count) = tcp.groupsAtRest(of: departure.slice)
    guard !groups.isEmpty else {
      if now >= departure.deadline { giveUp(now: now) }
      return
    }
    let message = CoreMessage.expect(
      groups, connectionCount: UInt32(truncatingIfNeeded: count))
    guard links.tell(message, to: departure.target, pool: &pool) else { return }
    departure.going = groups
    departure.announcedCount = count
    departure.isGranted = nil
    departure.stage = .announced
  }

  /// Slices in a row of which nothing goes before the rest is not waited for either: nobody lets
  /// connections go.
  private static var idleSliceLimit: Int { 4 }

  /// What is left of the slice stays.
  private mutating func giveUp(now: Instant) {
    tcp.callOff(departure.slice)
    departure.idleSliceCount = departure.hasSliceMoved ? 0 : departure.idleSliceCount &+ 1
    let isOver = departure.idleSliceCount >= Self.idleSliceLimit
    let staying = isOver ? departure.wanted : departure.slice
    migrations.stayedGroups &+= UInt64(truncatingIfNeeded: staying.count)
    departure.wanted.subtract(staying)
    beginSlice(now: now)
  }

  /// The other core has answered: what is still at rest goes.
  private mutating func detach(now: Instant, pool: inout PacketPool) {
    guard let isGranted = departure.isGranted else { return }
    let (groups, count) = tcp.groupsAtRest(of: departure.going)
    guard isGranted, !groups.isEmpty, count <= departure.announcedCount else {
      let isUndone = !isGranted || links.tell(.calledOff, to: departure.target, pool: &pool)
      guard isUndone else { return }
      departure.stage = .asking
      // Without places nothing will come of it.
      if !isGranted, now >= departure.deadline { giveUp(now: now) }
      return
    }
    departure.going = groups
    departure.frozenAt = now
    departure.chain = tcp.detach(groups)
    departure.position = TravelPosition(of: departure.chain)
    var rest = groups
    while let group = rest.popFirst() { links.flows.setOwner(of: group, to: departure.target) }
    links.ownGroups.subtract(groups)
    departure.stage = .moving
  }

  /// Slots of the ring that are left to packets.
  private static var slotsForPackets: Int { 24 }

  private mutating func sendConnections<Device: NetworkDevice & ~Copyable>(
    device: inout Device, pool: inout PacketPool
  ) {
    while links.roomCount(to: departure.target) > Self.slotsForPackets {
      guard let item = tcp.item(at: &departure.position, pool: pool) else {
        return beginFlush(device: &device)
      }
      let isTold =
        switch item {
        case .connection(let traveller):
          links.tell(.connection(traveller), to: departure.target, pool: &pool)
        case .text(let text, let buffer):
          links.tell(.text(text), lending: buffer, to: departure.target, pool: &pool)
        }
      precondition(isTold, "there was room")
    }
  }

  private mutating func beginFlush<Device: NetworkDevice & ~Copyable>(device: inout Device) {
    departure.untold = links.otherCores
    departure.unanswered = departure.untold
    if links.flows.core == 0 { steerDevice(&device) }
    departure.stage = .flushing
  }

  /// The first core tells the device where packets belong now.
  mutating func steerDevice<Device: NetworkDevice & ~Copyable>(_ device: inout Device) {
    if links.steering == .byDevice { device.steer(by: links.flows) }
  }

  private mutating func flush<Device: NetworkDevice & ~Copyable>(
    device: inout Device, pool: inout PacketPool
  ) {
    for core in 0..<links.coreCount where departure.untold & 1 &<< UInt64(core) != 0 {
      if links.tell(.flush, to: core, pool: &pool) { departure.untold &= ~(1 &<< UInt64(core)) }
    }
    guard departure.unanswered == 0, !device.isSteering() else { return }
    departure.drainGoal =
      device.receivedFrameCount &+ UInt64(truncatingIfNeeded: device.waitingFrameCount)
    departure.stage = .draining
  }

  private mutating func drain<Device: NetworkDevice & ~Copyable>(
    device: inout Device, pool: inout PacketPool
  ) {
    guard device.waitingFrameCount == 0 || device.receivedFrameCount >= departure.drainGoal else {
      return
    }
    let message = CoreMessage.arrived(
      departure.going, frozenAt: departure.frozenAt, cookiesUntil: tcp.cookiesUntil)
    guard links.tell(message, to: departure.target, pool: &pool) else { return }
    departure.end = links.sentPosition(to: departure.target)
    departure.stage = .finishing
  }

  private mutating func finish(now: Instant) {
    guard links.hasTaken(departure.end, departure.target) else { return }
    tcp.freeDeparted(departure.chain)
    migrations.departedGroups &+= UInt64(truncatingIfNeeded: departure.going.count)
    departure.wanted.subtract(departure.going)
    departure.slice.subtract(departure.going)
    departure.hasSliceMoved = true
    departure.idleSliceCount = 0
    departure.stage = .asking
    if departure.slice.isEmpty { beginSlice(now: now) }
  }
}

extension NetworkDevice where Self: ~Copyable {
  /// Frames ever taken from the device, dropped ones included.
  var receivedFrameCount: UInt64 {
    let statistics = statistics
    return statistics.receivedFrames &+ statistics.droppedShort &+ statistics.droppedSegmentation
      &+ statistics.droppedChecksum &+ statistics.droppedChecksumRange
  }
}
