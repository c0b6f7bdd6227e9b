import IXABI
import Packets
import Wire

/// The TCP of one core: its connections, listeners and timers.
///
/// No clock, no lock, no allocation after `init`. Segments come in by `receive`, time by `expire`,
/// the application's wishes by the calls in `Endpoint+Calls.swift`; what comes of it is taken out by
/// `deliver` (events) and `transmit` (segments).
package struct Endpoint<Control: CongestionControl & BitwiseCopyable>: ~Copyable {
  var connections: Table<Connection<Control>>
  var table: ConnectionTable
  var resources: Resources
  var wheel: TimingWheel
  var eventQueue: IndexQueue
  var outputQueue: IndexQueue
  /// Connections with memory to give back that the device may still read.
  var deviceQueue: IndexQueue
  /// The device's count of finished frames when those connections were looked at last.
  var settledTransmissions: UInt32 = 0
  var replies = StatelessReplies()
  /// One bit for each port.
  var listeners: Table<UInt64>
  /// Connections that were used and can be used again; others are made when these are used up.
  var firstFree = PacketPool.none
  package internal(set) var freeConnectionCount: Int
  /// Passive connections that are not accepted yet.
  var pendingCount = 0
  /// Those of them whose handshake is not complete.
  var halfOpen: SourceCount
  /// Passive connections in any state but TIME-WAIT.
  var sources: SourceCount
  var timeWaits: TimeWaitList
  /// The connections of each flow group that are not CLOSED.
  var groups: FlowGroupLists
  /// A cookie sent until now may come back before this.
  package internal(set) var cookiesUntil = Instant(nanoseconds: 0)
  /// Whatever had arrived by then has been taken in: an answer that is missing after a deadline up to
  /// this is missing indeed. The caller moves it on.
  package var heardUntil = Instant.distantFuture
  /// A deadline behind `heardUntil` has passed. The caller sets this to false.
  package var awaitsHearing = false
  /// Flow groups that are on their way here: no connection is opened in them, as its like may come.
  package var expectedGroups = FlowGroupSet()
  /// RFC 6056, section 3.3.3: incremented with every ephemeral port.
  var portCounter: UInt32 = 0
  /// The payload of the frame being sent; here so that it is not set up anew for every frame.
  var fragments = InlineArray<18, Fragment>(
    repeating: Fragment(address: KernelAddress(0), byteCount: 0))

  /// Nil when the configuration makes no sense or the arena is too small. `secret` must be
  /// unpredictable: sequence numbers and ports depend on it.
  package init?(
    configuration: Configuration, secret: (UInt64, UInt64), now: Instant, arena: inout Arena
  ) {
    guard configuration.isUsable else { return nil }
    let count = configuration.connectionCount
    let secrets = InitialSequenceNumber(secret: secret)
    guard
      let connections = arena.carve(capacity: count, of: Connection<Control>.self),
      let table = ConnectionTable(capacity: count, key: secrets.tableKey, arena: &arena),
      let resources = Resources(configuration: configuration, secrets: secrets, arena: &arena),
      let wheel = TimingWheel(count: count, now: now, arena: &arena),
      let eventQueue = IndexQueue(capacity: count, arena: &arena),
      let outputQueue = IndexQueue(capacity: count, arena: &arena),
      let deviceQueue = IndexQueue(capacity: count, arena: &arena),
      let listeners = arena.carve(count: 1024, repeating: 0 as UInt64),
      let halfOpen = SourceCount(bucketCount: 256, arena: &arena),
      let sources = SourceCount(bucketCount: 1024, arena: &arena),
      let timeWaits = TimeWaitList(capacity: count, arena: &arena),
      let groups = FlowGroupLists(capacity: count, arena: &arena)
    else { return nil }
    self.connections = connections
    self.table = table
    self.resources = resources
    self.wheel = wheel
    self.eventQueue = eventQueue
    self.outputQueue = outputQueue
    self.deviceQueue = deviceQueue
    self.listeners = listeners
    self.halfOpen = halfOpen
    self.sources = sources
    self.timeWaits = timeWaits
    self.groups = groups
    freeConnectionCount = count
  }

  package var counters: TCPCounters { resources.counters }
  /// Send elements and segment records that are not in use, for leak checks.
  package var freeElementCount: Int { resources.elements.freeCount }
  /// Connections that wait for a moment: a connection needs at most one timer.
  package var armedTimerCount: Int { wheel.armedCount }
  package var freeSegmentCount: Int { resources.segments.freeCount }
  /// Connections that are in the look-up table: not CLOSED.
  package var openConnectionCount: Int { table.count }
  @inline(__always)
  package var hasEvents: Bool { eventQueue.count > 0 }
  @inline(__always)
  package var hasOutput: Bool {
    outputQueue.count > 0 || deviceQueue.count > 0 || replies.count > 0
  }
  /// `expire` need not be called before; nil when no timer runs.
  package var nextDeadline: Instant? { wheel.earliestDeadline }

  /// Whether `expire` has anything to do now.
  @inline(__always)
  package func isBehind(_ now: Instant) -> Bool { wheel.isBehind(now) }

  /// Runs the timers that are due, at most `budget` of them.
  package mutating func expire(now: Instant, pool: inout PacketPool, budget: Int) {
    var remaining = budget
    while remaining > 0, let index = wheel.popExpired(at: now) {
      remaining &-= 1
      // Nearly always the deadline has moved on since the wheel's timer was armed for it.
      guard connections[index].timers.earliest <= now else {
        connections[index].timers.armed = .distantFuture
        rearm(index)
        continue
      }
      let reaction = connections[index].expire(
        now: now, heardUntil: heardUntil, resources: &resources)
      act(reaction, on: index, pool: &pool)
      if reaction.contains(.premature) { comeBack(to: index, now: now) }
    }
    // A few slots for what the application wants to open.
    if freeConnectionCount == 0 { recycle(atLeast: min(16, connections.capacity / 8), pool: &pool) }
  }

  /// The answer that a connection lacks may have arrived: its deadline stays, and is looked at again
  /// soon.
  private mutating func comeBack(to index: UInt32, now: Instant) {
    awaitsHearing = true
    connections[index].timers.armed = now + .microseconds(500)
    wheel.arm(index, at: connections[index].timers.armed)
  }

  /// Does what a connection's reaction asks for, and keeps its timer armed.
  @inline(__always)
  mutating func act(_ reaction: Reaction, on index: UInt32, pool: inout PacketPool) {
    if reaction.contains(.ended) {
      close(index, sendingReset: reaction.contains(.reset), pool: &pool)
      return
    }
    if reaction.contains(.output) { listForOutput(index) }
    if reaction.contains(.events) { listForEvents(index) }
    rearm(index)
  }

  @inline(__always)
  mutating func rearm(_ index: UInt32) {
    let earliest = connections[index].timers.earliest
    guard earliest < connections[index].timers.armed else { return }
    connections[index].timers.armed = earliest
    wheel.arm(index, at: earliest)
  }

  @inline(__always)
  mutating func listForOutput(_ index: UInt32) {
    guard !connections[index].flags.contains(.listedForOutput) else { return }
    connections[index].flags.insert(.listedForOutput)
    outputQueue.append(index)
  }

  mutating func listForDevice(_ index: UInt32) {
    guard !connections[index].flags.contains(.listedForDevice) else { return }
    connections[index].flags.insert(.listedForDevice)
    deviceQueue.append(index)
  }

  @inline(__always)
  mutating func listForEvents(_ index: UInt32) {
    guard !connections[index].flags.contains(.listedForEvents) else { return }
    connections[index].flags.insert(.listedForEvents)
    eventQueue.append(index)
  }

  mutating func reply(_ reply: StatelessReply) {
    if !replies.append(reply) { resources.counters.droppedReplies &+= 1 }
  }
}

// Slots.
extension Endpoint {
  /// A free slot, nil when there is none.
  mutating func allocateConnection() -> UInt32? {
    guard freeConnectionCount > 0 else { return nil }
    freeConnectionCount &-= 1
    let index = firstFree
    guard index != PacketPool.none else {
      return connections.append(
        Connection(generation: 1, configuration: resources.configuration))
    }
    firstFree = connections[index].nextFree
    return index
  }

  /// A connection has reached CLOSED.
  mutating func close(_ index: UInt32, sendingReset: Bool, pool: inout PacketPool) {
    if sendingReset { sendReset(for: index) }
    table.remove(index, flow: connections[index].flow)
    groups.remove(index, from: connections[index].flowGroup)
    wheel.cancel(index)
    endPending(index)
    endCounting(index)
    timeWaits.remove(index)
    resources.counters.closedConnections &+= 1
    connections[index].clear(resources: &resources, pool: &pool)
    if !connections[index].settleAfterEnd(resources: &resources, pool: &pool) {
      listForOutput(index)
    } else if connections[index].flags.contains(.deadDue) {
      listForEvents(index)
    }
    freeIfSpent(index)
  }

  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK>.
  private mutating func sendReset(for index: UInt32) {
    resources.counters.resetsSent &+= 1
    reply(
      StatelessReply(
        flow: connections[index].flow, sequence: connections[index].send.next,
        acknowledgment: connections[index].receive.next, flags: .rst | .ack))
  }

  /// The connection no longer counts against the backlog.
  mutating func endPending(_ index: UInt32) {
    endHalfOpen(index)
    guard connections[index].flags.contains(.pending) else { return }
    connections[index].flags.remove(.pending)
    pendingCount &-= 1
  }

  /// Frees the slot when nobody needs it; its generation makes old handles stale.
  @inline(__always)
  mutating func freeIfSpent(_ index: UInt32) {
    if connections[index].state == .closed { freeIfNotNeeded(index) }
  }

  private mutating func freeIfNotNeeded(_ index: UInt32) {
    guard connections[index].isSpent else { return }
    free(index)
  }

  /// Frees the slot whatever it holds; its generation makes old handles stale.
  mutating func free(_ index: UInt32) {
    let generation = connections[index].generation &+ 1
    connections[index] = Connection(
      generation: max(generation & Handle.generationMask, 1),
      configuration: resources.configuration)
    connections[index].nextFree = firstFree
    firstFree = index
    freeConnectionCount &+= 1
  }
}
