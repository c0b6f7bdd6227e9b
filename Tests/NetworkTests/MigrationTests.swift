import IXABI
import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// A dataplane of several cores and a client on a virtual wire, while flow groups change their
/// cores.
final class MigrationWire {
  static let address = IPv4Address(10, 0, 0, 2)
  static let clientAddress = IPv4Address(10, 0, 0, 9)

  /// Where frames from the wire arrive.
  enum Card {
    /// At the first core.
    case oneQueue
    /// At the core that owned the flow when the card was told last.
    case hashing
    /// Anywhere: the frames of each flow at one core, which has nothing to do with its owner.
    case scattering
  }

  private let flowMemory = TestMemory(byteCount: FlowSteering.storageByteCount)
  private let meshMemory: TestMemory
  let flows: FlowSteering
  let cores: [StackCore]
  let applications: [EchoApplication]
  let client: StreamClient
  private let card: Card
  private let loss: Double
  private var deviceOwners: [Int]
  private var random: SplitMix
  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  private var flights: [(at: Instant, toClient: Bool, bytes: [UInt8])] = []
  private(set) var migrationCount = 0
  /// Frames in which the dataplane said that something has come too early.
  private(set) var gapReportCount = 0

  init(
    coreCount: Int, card: Card, loss: Double = 0, seed: UInt64, byteCount: Int = 60_000,
    window: Int = 8_000, connectionCount: Int = 256
  ) {
    meshMemory = TestMemory(byteCount: CoreMesh.byteCount(coreCount: coreCount))
    meshMemory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let mesh = CoreMesh(coreCount: coreCount, memory: meshMemory.region)
    let region = flowMemory.region
    let first = FlowSteering(core: 0, coreCount: coreCount, hash: .usual, storage: region)
    let steering: CoreLinks.Steering = card == .hashing ? .byDevice : .inSoftware
    let start = now
    cores = (0..<coreCount).map { index in
      StackCore(
        Self.address, hardware: MACAddress(0x0200_0000_0002), connectionCount: connectionCount,
        links: {
          CoreLinks(
            flows: first.sharing(as: index, storage: region), steering: steering, mesh: mesh,
            queues: card == .oneQueue ? 1 : .max, arena: &$0)
        }, now: start)
    }
    for core in cores { precondition(core.stack.tcp.listen(port: 7) == .ok) }
    flows = first
    applications = cores.map { EchoApplication($0) }
    deviceOwners = (0..<FlowSteering.groupCount).map { first.owner(of: UInt16($0)) }
    random = SplitMix(seed: seed)
    self.card = card
    self.loss = loss
    let peer = StackCore(
      Self.clientAddress, hardware: MACAddress(0x0200_0000_0009),
      connectionCount: connectionCount, links: { CoreLinks(aloneIn: &$0) }, now: start)
    precondition(peer.stack.tcp.listen(port: 9) == .ok)
    client = StreamClient(peer, byteCount: byteCount, window: window, random: &random)
  }

  /// Everybody takes a turn, and frames arrive.
  func step(after interval: Interval = .microseconds(10)) {
    now = now + interval
    let arriving = flights.prefix { $0.at <= now }
    flights.removeFirst(arriving.count)
    for flight in arriving {
      if flight.toClient {
        client.core.device.arrive(flight.bytes)
      } else {
        cores[queue(of: flight.bytes)].device.arrive(flight.bytes)
      }
    }
    client.turn()
    client.core.cycle(now: now)
    // Cores take turns in any order, and some are slow.
    for index in cores.indices.shuffled(using: &random) where random.next() % 4 != 0 {
      applications[index].turn(now: now)
      cores[index].cycle(now: now)
    }
    if cores[0].device.isSteering(), random.next() % 3 == 0 {
      deviceOwners = deviceOwners.indices.map { flows.owner(of: UInt16($0)) }
      cores[0].device.finishSteering()
    }
    for core in cores { carry(core.device.takeSent(), toClient: true) }
    carry(client.core.device.takeSent(), toClient: false)
  }

  /// Time passes, and nothing else.
  func pass(_ interval: Interval) { now = now + interval }

  private func carry(_ frames: [RecordingDevice.Frame], toClient: Bool) {
    for frame in frames where Double(random.next() % 10_000) >= loss * 10_000 {
      if toClient, Self.reportsGap(frame.bytes) { gapReportCount += 1 }
      flights.append((now + .microseconds(50), toClient, frame.bytes))
    }
  }

  /// Whether a frame has a SACK option (RFC 2018, section 3: kind 5): something arrived at its sender
  /// before what was sent earlier.
  static func reportsGap(_ frame: [UInt8]) -> Bool {
    guard frame.count >= 54, frame[12] == 8, frame[13] == 0, frame[23] == 6 else { return false }
    var offset = 54
    let end = 34 + 4 * Int(frame[46] >> 4)
    while offset + 1 < end, frame[offset] != 0 {
      if frame[offset] == 5 { return true }
      offset += frame[offset] == 1 ? 1 : Int(frame[offset + 1])
    }
    return false
  }

  func queue(of frame: [UInt8]) -> Int {
    guard card != .oneQueue, frame.count >= 38, frame[12] == 8, frame[13] == 0, frame[23] == 6
    else { return 0 }
    let hash = ToeplitzHash.usual.hash(
      from: Self.clientAddress, to: Self.address,
      sourcePort: UInt16(frame[34]) << 8 | UInt16(frame[35]),
      destinationPort: UInt16(frame[36]) << 8 | UInt16(frame[37]))
    return card == .hashing ? deviceOwners[Int(hash % 128)] : Int(hash >> 8) % cores.count
  }

  /// Asks a random core to give some of its groups to another.
  func migrateSomething() {
    let from = Int(random.next() % UInt64(cores.count))
    let to = (from + 1 + Int(random.next() % UInt64(cores.count - 1))) % cores.count
    let groups = FlowGroupSet(first: random.next() % 128, count: 1 + random.next() % 128)
    if cores[from].stack.migrate(groups, to: to, now: now) == .ok { migrationCount += 1 }
  }

  var isMigrating: Bool { cores.contains { $0.stack.isMigrating } }
  var departedGroupCount: UInt64 {
    cores.reduce(0) { $0 + $1.stack.migrations.departedGroups }
  }
  var arrivedConnectionCount: UInt64 {
    cores.reduce(0) { $0 + $1.stack.migrations.arrivedConnections }
  }
  func sum(_ counter: KeyPath<TCPCounters, UInt64>) -> UInt64 {
    cores.reduce(0) { $0 + $1.stack.tcp.counters[keyPath: counter] }
  }
}

@Suite struct MigrationTests {
  static let cards: [MigrationWire.Card] = [.oneQueue, .hashing, .scattering]

  /// Streams of 24 connections pass through three cores whose flow groups never stay: nothing is
  /// lost, overtaken or sent twice, and nothing is left behind.
  @Test(arguments: cards, 1...2 as ClosedRange<UInt64>)
  func streamsAreExactWhileGroupsMigrate(card: MigrationWire.Card, seed: UInt64) {
    let wire = MigrationWire(
      coreCount: 3, card: card, seed: seed, byteCount: 200_000, window: 3_000)
    Self.run(wire)
    #expect(wire.client.core.stack.tcp.counters.retransmittedSegments == 0)
    #expect(wire.sum(\.retransmittedSegments) == 0)
    #expect(wire.sum(\.duplicateAcknowledgments) == 0)
    #expect(wire.gapReportCount == 0)
    #expect(wire.client.core.stack.tcp.counters.duplicateAcknowledgments == 0)
    #expect(wire.departedGroupCount > 100)
    // By the virtual clock, of which a millisecond is a hundred turns of each core: nineteen of twenty
    // connections stand still for less than that.
    var (count, longCount) = (0 as UInt64, 0 as UInt64)
    for core in wire.cores {
      let pauses = core.stack.migrations.pauses
      for index in 0..<10 { count += pauses[index] }
      for index in 6..<10 { longCount += pauses[index] }
    }
    #expect(longCount * 20 <= count)
    #expect(wire.arrivedConnectionCount > 20)
  }

  /// The same on a wire that loses frames: what has been sent again, or waits behind a gap, goes
  /// along.
  @Test(arguments: cards, 1...4 as ClosedRange<UInt64>)
  func streamsAreExactWhileFramesAreLost(card: MigrationWire.Card, seed: UInt64) {
    let wire = MigrationWire(coreCount: 3, card: card, loss: 0.02, seed: seed, byteCount: 30_000)
    Self.run(wire)
    #expect(wire.sum(\.retransmittedSegments) > 0)
    #expect(wire.arrivedConnectionCount > 2)
  }

  /// Connections that the dataplane has opened go with their groups like others.
  @Test(arguments: cards)
  func outgoingConnectionsMigrate(card: MigrationWire.Card) {
    let wire = MigrationWire(
      coreCount: 3, card: card, seed: 9, byteCount: 100_000, window: 3_000)
    for application in wire.applications {
      application.open(6, to: MigrationWire.clientAddress, now: wire.now)
    }
    Self.run(wire, connectionCount: 0)
    #expect(wire.client.connectedCount == 18)
    #expect(wire.client.core.stack.tcp.counters.retransmittedSegments == 0)
    #expect(wire.arrivedConnectionCount > 5)
  }

  /// An application that lets nothing go keeps its connections, and they go on when it has been
  /// waited for; groups without a connection go at once.
  @Test func whatIsNotLetGoStaysAndGoesOn() {
    let wire = MigrationWire(coreCount: 2, card: .oneQueue, seed: 3, byteCount: 60_000)
    for application in wire.applications { application.isStubborn = true }
    wire.client.open(16, to: MigrationWire.address, now: wire.now)
    for _ in 0..<100 { wire.step() }
    let count = wire.applications[0].sessionCount
    #expect(count > 0)
    let all = FlowGroupSet(first: 0, count: 128)
    #expect(wire.cores[0].stack.migrate(all, to: 1, now: wire.now) == .ok)
    #expect(wire.cores[0].stack.migrate(all, to: 1, now: wire.now) == .wrongState)
    for _ in 0..<600 where wire.isMigrating { wire.step(after: .microseconds(500)) }
    let migrations = wire.cores[0].stack.migrations
    #expect(migrations.stayedGroups > 0 && migrations.departedGroups > 0)
    #expect(wire.cores[1].stack.migrations.arrivedConnections == 0)
    #expect(wire.cores[0].stack.links.ownGroups.count == Int(migrations.stayedGroups))
    Self.run(wire, connectionCount: 0, migrates: false)
    #expect(wire.applications.allSatisfy { $0.words.isEmpty })
  }

  /// Ring 3 lets go what it was not asked for, or still holds something of: it is told so.
  @Test func onlyWhatIsAskedForAndAtRestLeaves() {
    let wire = MigrationWire(coreCount: 2, card: .oneQueue, seed: 5)
    wire.client.open(8, to: MigrationWire.address, now: wire.now)
    for _ in 0..<100 { wire.step() }
    let core = wire.cores[0]
    for application in wire.applications { application.isStubborn = true }
    let handles = wire.applications[0].handles
    #expect(!handles.isEmpty)
    for handle in handles {
      #expect(core.stack.tcp.leave(handle, cookie: 1, pool: core.pool) == .wrongState)
    }
    let forged = Handle(index: 200, flowGroup: 3, generation: 77)
    #expect(core.stack.tcp.leave(forged, cookie: 1, pool: core.pool) == .staleHandle)
    // Bytes of a stream are on their way at any time.
    #expect(
      core.stack.migrate(FlowGroupSet(first: 0, count: 128), to: 1, now: wire.now) == .ok)
    wire.step()
    let statuses = handles.map { core.stack.tcp.leave($0, cookie: 1, pool: core.pool) }
    #expect(statuses.contains(.noResources) || statuses.contains(.wrongState))
    #expect(!statuses.contains(.staleHandle))
    for handle in handles { _ = core.stack.tcp.leave(handle, cookie: 1, pool: core.pool) }
    #expect(core.stack.migrate(FlowGroupSet(), to: 1, now: wire.now) == .wrongState)
    #expect(wire.cores[1].stack.migrate(FlowGroupSet(), to: 0, now: wire.now) == .badArgument)
    #expect(
      wire.cores[1].stack.migrate(FlowGroupSet(first: 0, count: 128), to: 7, now: wire.now)
        == .badArgument)
  }

  private static func run(
    _ wire: MigrationWire, connectionCount: Int = 24, migrates: Bool = true
  ) {
    wire.client.open(connectionCount, to: MigrationWire.address, now: wire.now)
    var steps = 0
    while wire.client.connectedCount == 0, steps < 5_000 {
      steps += 1
      wire.step()
    }
    while !wire.client.isDone, steps < 100_000 {
      steps += 1
      if migrates, steps % 30 == 0 { wire.migrateSomething() }
      wire.step()
    }
    #expect(wire.client.isDone)
    #expect(wire.client.isExact)
    #expect(wire.client.brokenCount == 0)
    // Until TIME-WAIT is over everywhere.
    for _ in 0..<1_500 { wire.step(after: .microseconds(500)) }
    for core in wire.cores {
      #expect(core.isClean)
      #expect(core.stack.migrations.droppedPackets == 0)
      #expect(core.stack.links.counters.dropped == 0)
      #expect(core.stack.tcp.counters.resetsSent == 0)
    }
    #expect(wire.applications.allSatisfy { $0.sessionCount == 0 })
    #expect(wire.applications.contains { $0.words.contains(4711) } == migrates)
  }
}
