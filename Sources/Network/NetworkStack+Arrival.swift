import Packets
import TCP
import Wire

// Flow groups change their core: the side that gains them, and what all cores do about it.

extension NetworkStack {
  /// Takes in what `core` says about flow groups; false when it must wait for a buffer.
  @inline(never)
  mutating func receive<Device: NetworkDevice & ~Copyable>(
    news message: CoreMessage, from core: Int, now: Instant, pool: inout PacketPool,
    device: inout Device
  ) -> Bool {
    switch message {
    case .listen, .heard, .packet, .neighbour: break
    case .expect, .expected, .connection, .text, .flush, .flushed, .arrived, .calledOff:
      links.ownersChange = true
    }
    switch message {
    case .packet, .neighbour: break
    case .expect(let groups, let connectionCount):
      expect(groups, Int(connectionCount), from: core, pool: &pool)
    case .expected(let isGranted): departure.isGranted = isGranted
    case .connection(let traveller): adopt(traveller, from: core)
    case .text(let text):
      return tcp.adopt(text, into: arrivals.expectations[core].chain, pool: &pool)
    case .flush:
      if links.flows.core == 0 { steerDevice(&device) }
      unansweredFlushes |= 1 &<< UInt64(core)
    case .flushed: departure.unanswered &= ~(1 &<< UInt64(core))
    case .arrived(let groups, let frozenAt, let cookiesUntil):
      tcp.acceptCookies(until: cookiesUntil)
      let pause = now.since(frozenAt)
      begin(groups, from: core, after: pause, now: now, pool: &pool, device: &device)
      migrations.count(pause: pause)
    case .calledOff: forgetExpectation(of: core)
    case .listen: beginListening(for: core, device: device)
    case .heard: hear(from: core, now: now)
    }
    return true
  }

  private mutating func expect(
    _ groups: FlowGroupSet, _ count: Int, from core: Int, pool: inout PacketPool
  ) {
    let reserved = tcp.reserve(count, pool: &pool)
    if let reserved {
      arrivals.expectations[core] = Arrivals.Expectation(groups: groups, reserved: reserved)
      expectedGroupsChanged()
    }
    pendingAnswers.append(reserved != nil, to: core)
  }

  private mutating func adopt(_ traveller: Traveller, from core: Int) {
    var expectation = arrivals.expectations[core]
    tcp.adopt(traveller, from: &expectation.reserved, to: &expectation.chain)
    arrivals.expectations[core] = expectation
  }

  /// All packets that are older than those kept here have arrived.
  private mutating func begin<Device: NetworkDevice & ~Copyable>(
    _ groups: FlowGroupSet, from core: Int, after pause: Interval, now: Instant,
    pool: inout PacketPool, device: inout Device
  ) {
    let chain = arrivals.expectations[core].chain
    migrations.arrivedGroups &+= UInt64(truncatingIfNeeded: groups.count)
    migrations.arrivedConnections &+= UInt64(truncatingIfNeeded: chain.count)
    tcp.attach(chain, after: pause)
    links.ownGroups.formUnion(groups)
    forgetExpectation(of: core)
    while let held = arrivals.removeOldest(of: groups) {
      deliver(
        held.packet, in: PacketBuffer(adopting: held.buffer), now: now, pool: &pool,
        device: &device)
    }
  }

  private mutating func forgetExpectation(of core: Int) {
    tcp.freeReserved(arrivals.expectations[core].reserved)
    arrivals.expectations[core] = Arrivals.Expectation()
    expectedGroupsChanged()
  }

  private mutating func expectedGroupsChanged() {
    arrivals.updateGroups()
    tcp.expectedGroups = arrivals.groups
  }

  /// Other cores wait for an answer.
  @inline(__always)
  var owesAnswers: Bool {
    unansweredFlushes | unansweredListens != 0 || !pendingAnswers.isEmpty
  }

  /// Answers that are owed to other cores, as far as their rings have room.
  @inline(never)
  mutating func answerOtherCores<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    if unansweredListens != 0 { answerListeners(now: now, device: device, pool: &pool) }
    for core in 0..<links.coreCount {
      let bit: UInt64 = 1 &<< UInt64(core)
      if let isGranted = pendingAnswers.answer(to: core),
        links.tell(.expected(isGranted), to: core, pool: &pool)
      {
        pendingAnswers.remove(core)
      }
      guard unansweredFlushes & bit != 0, !device.isSteering() else { continue }
      if links.tell(.flushed, to: core, pool: &pool) { unansweredFlushes &= ~bit }
    }
  }

  /// Keeps a packet of a group that is still on its way here; nil when it was kept, or dropped
  /// because there was no room. It came by way of `core`, or to this core's own queue: only those that
  /// come by the former owner are older than the change.
  mutating func heldBack(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, from core: Int?,
    pool: inout PacketPool
  ) -> PacketBuffer? {
    guard let group = flowGroup(of: packet, in: buffer.index, pool: pool),
      arrivals.groups.contains(group)
    else { return buffer }
    let isPassedOn = core.map { arrivals.expectations[$0].groups.contains(group) } ?? false
    let isHeld = arrivals.hold(
      Arrivals.HeldPacket(
        packet: packet, buffer: buffer.index, group: group, isPassedOn: isPassedOn))
    if isHeld {
      migrations.heldPackets &+= 1
      _ = buffer.relinquish()
    } else {
      migrations.droppedPackets &+= 1
      pool.release(buffer)
    }
    return nil
  }

  /// That of a segment; nil for any other packet.
  private func flowGroup(
    of packet: ReceivedPacket, in buffer: UInt32, pool: borrowing PacketPool
  ) -> UInt16? {
    guard packet.protocolNumber == .tcp, packet.payloadByteCount >= 4 else { return nil }
    let bytes = pool.bytes(of: buffer)
    let offset = packet.payloadOffset
    return FlowSteering.group(
      of: links.flows.hash(
        remote: packet.source, local: packet.destination,
        remotePort: bytes.bigEndian(at: offset), localPort: bytes.bigEndian(at: offset &+ 2)))
  }
}

/// Answers to `.expect` that are owed.
struct PendingAnswers: BitwiseCopyable {
  private var owed: UInt64 = 0
  private var granted: UInt64 = 0

  @inline(__always)
  var isEmpty: Bool { owed == 0 }

  mutating func append(_ isGranted: Bool, to core: Int) {
    let bit: UInt64 = 1 &<< UInt64(core)
    owed |= bit
    if isGranted { granted |= bit } else { granted &= ~bit }
  }

  func answer(to core: Int) -> Bool? {
    let bit: UInt64 = 1 &<< UInt64(core)
    return owed & bit == 0 ? nil : granted & bit != 0
  }

  mutating func remove(_ core: Int) { owed &= ~(1 &<< UInt64(core)) }
}
