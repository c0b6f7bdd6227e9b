import IXABI
import Packets
import TCP
import TestSupport
import Wire

@testable import Network

/// What a stack tells an application, kept until it is looked at.
struct StackEvents: ConnectionEvents, DatagramEvents, ~Copyable {
  enum Event {
    case knock(Handle)
    case connected(Handle)
    case received(Handle, buffer: UInt32, offset: Int, byteCount: Int)
    case sent(Handle, byteCount: Int)
    case peerClosed(Handle)
    case dead(Handle, Reason)
    case leaving(Handle)
    case arrived(Handle, word: UInt64)
  }

  var list: [Event] = []
  var letsConnectionsGo = true
  var roomCount: Int { 64 - list.count }

  mutating func knock(_ handle: Handle, flow: Flow) { list.append(.knock(handle)) }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) {
    list.append(reason == .none ? .connected(handle) : .dead(handle, reason))
  }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    list.append(.received(handle, buffer: buffer, offset: offset, byteCount: byteCount))
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    list.append(.sent(handle, byteCount: byteCount))
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) { list.append(.peerClosed(handle)) }
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) {
    list.append(.dead(handle, reason))
  }
  mutating func leaving(_ handle: Handle, cookie: UInt64) { list.append(.leaving(handle)) }
  mutating func arrived(_ handle: Handle, cookie: UInt64, flow: Flow) {
    list.append(.arrived(handle, word: cookie))
  }
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {}
  mutating func datagramSent(cookie: UInt64, status: Status) {}
}

/// One core: a stack, its pool and its queue pair.
final class StackCore {
  private let arenaMemory: TestMemory
  private let buffers = TestMemory(byteCount: 2048 * PacketPool.bufferByteCount)
  var pool: PacketPool
  var device = RecordingDevice()
  var stack: NetworkStack<SelectedControl>
  var events = StackEvents()
  let connectionCount: Int

  init(
    _ address: IPv4Address, hardware: MACAddress, connectionCount: Int = 256,
    links: (inout Arena) -> CoreLinks?, now: Instant
  ) {
    self.connectionCount = connectionCount
    arenaMemory = TestMemory(byteCount: connectionCount << 14)
    var arena = arenaMemory.arena
    guard let coreLinks = links(&arena) else { fatalError("the arena is too small") }
    var configuration = Configuration()
    configuration.connectionCount = connectionCount
    configuration.flows = coreLinks.flows
    configuration.timeWait = .milliseconds(500)
    configuration.initialTimeout = .milliseconds(20)
    guard let pool = PacketPool(memory: buffers.region, arena: &arena),
      let tcp = Endpoint<SelectedControl>(
        configuration: configuration, secret: (1, 2), now: now, arena: &arena),
      let stack = NetworkStack(
        configuration: InterfaceConfiguration(address: address, prefixLength: 24), tcp: tcp,
        bufferCount: pool.count, links: coreLinks, arena: &arena)
    else { fatalError("the arena is too small") }
    self.pool = pool
    self.stack = stack
    device.macAddress = hardware
  }

  /// One turn of the cycle of an elastic thread, after the application's calls.
  func cycle(now: Instant) {
    if stack.isMigrating { stack.advanceMigration(now: now, device: &device, pool: &pool) }
    stack.transmit(now: now, device: &device, pool: &pool)
    device.reclaim(&pool)
    if stack.links.isShared {
      _ = stack.receiveFromOtherCores(limit: 32, now: now, pool: &pool, device: &device)
    }
    stack.beginReceiving(now: now, device: device)
    var count = 0
    while count < 16, let frame = device.receive(&pool) {
      stack.receive(frame, now: now, pool: &pool, device: &device, events: &events)
      count += 1
    }
    if count < 16 { stack.expire(now: now, pool: &pool) }
    stack.deliver(into: &events, pool: &pool)
  }

  func takeEvents() -> [StackEvents.Event] {
    defer { events.list = [] }
    return events.list
  }

  var isClean: Bool {
    pool.freeCount == pool.count && stack.tcp.openConnectionCount == 0
      && stack.tcp.freeConnectionCount == connectionCount
  }
}

/// Sends everything back, as the echo application does: of a connection it knows how many bytes are
/// not acknowledged, and lets it go when there are none.
final class EchoApplication {
  private struct Session {
    var unacknowledgedByteCount = 0
    var isLeaving = false
    /// Bytes there was no room for, in their buffers.
    var waiting: [(buffer: UInt32, offset: Int, byteCount: Int)] = []
  }

  let core: StackCore
  private var sessions: [Handle: Session] = [:]
  private(set) var arrivalCount = 0
  private(set) var words: [UInt64] = []
  /// Never lets a connection go, or one connection.
  var isStubborn = false
  var kept: Handle?
  /// Of all connections there are now.
  var handles: [Handle] { Array(sessions.keys) }

  init(_ core: StackCore) { self.core = core }

  var sessionCount: Int { sessions.count }

  func turn(now: Instant) {
    for event in core.takeEvents() { handle(event, now: now) }
    for handle in Array(sessions.keys) { offer(handle) }
  }

  /// Connects to the client, which sends on these connections as on its own.
  func open(_ count: Int, to address: IPv4Address, now: Instant) {
    for _ in 0..<count {
      let outcome = core.stack.tcp.connect(
        localAddress: core.stack.configuration.address, remoteAddress: address, remotePort: 9,
        cookie: 0, now: now)
      guard case .connecting = outcome else { fatalError("\(outcome)") }
    }
  }

  private func handle(_ event: StackEvents.Event, now: Instant) {
    switch event {
    case .knock(let handle): take(handle)
    case .arrived(let handle, let word):
      arrivalCount += 1
      words.append(word)
      take(handle)
    case .connected(let handle): sessions[handle] = Session()
    case .received(let handle, let buffer, let offset, let byteCount):
      sessions[handle]?.waiting.append((buffer, offset, byteCount))
      offer(handle)
    case .sent(let handle, let byteCount):
      sessions[handle]?.unacknowledgedByteCount -= byteCount
      letGo(handle)
    case .peerClosed(let handle):
      _ = core.stack.tcp.shutdown(handle)
    case .dead(let handle, _): sessions[handle] = nil
    case .leaving(let handle):
      sessions[handle]?.isLeaving = true
      letGo(handle)
    }
  }

  private func take(_ handle: Handle) {
    precondition(core.stack.tcp.accept(handle, cookie: handle.rawValue) == .ok)
    sessions[handle] = Session()
  }

  private func offer(_ handle: Handle) {
    while let next = sessions[handle]?.waiting.first {
      let outcome = core.stack.tcp.sendReceived(
        handle, buffer: next.buffer, offset: UInt64(next.offset), byteCount: UInt64(next.byteCount),
        pool: &core.pool)
      guard outcome == .taken(next.byteCount) else {
        guard case .refused = outcome else { return }
        _ = core.stack.tcp.receiveDone(
          handle, buffer: next.buffer, byteCount: next.byteCount, pool: &core.pool)
        sessions[handle]?.waiting.removeFirst()
        continue
      }
      sessions[handle]?.waiting.removeFirst()
      sessions[handle]?.unacknowledgedByteCount += next.byteCount
    }
  }

  private func letGo(_ handle: Handle) {
    guard !isStubborn, handle != kept, let session = sessions[handle], session.isLeaving,
      session.unacknowledgedByteCount == 0, session.waiting.isEmpty
    else { return }
    let status = core.stack.tcp.leave(handle, cookie: 4711, pool: core.pool)
    if status == .ok { sessions[handle] = nil }
    if status == .wrongState { sessions[handle]?.isLeaving = false }
  }
}

/// Opens connections, sends a stream on each, and compares what comes back.
final class StreamClient {
  private struct Stream {
    var offered = 0
    var received = 0
    var isConnected = false
    var isShut = false
    var isDone = false
  }

  let core: StackCore
  private let text: UnsafeMutableRawBufferPointer
  private var streams: [Handle: Stream] = [:]
  /// Most bytes of one stream on their way; the rest waits for the echo.
  var window: Int
  private(set) var isExact = true
  private(set) var brokenCount = 0

  init(_ core: StackCore, byteCount: Int, window: Int, random: inout SplitMix) {
    self.core = core
    self.window = window
    text = .allocate(byteCount: byteCount, alignment: 8)
    for index in 0..<byteCount { text[index] = UInt8(truncatingIfNeeded: random.next()) }
  }
  deinit { text.deallocate() }

  var isDone: Bool { streams.values.allSatisfy { $0.isDone } }
  var connectedCount: Int { streams.values.count { $0.isConnected } }

  func open(_ count: Int, to address: IPv4Address, now: Instant) {
    for _ in 0..<count {
      let outcome = core.stack.tcp.connect(
        localAddress: core.stack.configuration.address, remoteAddress: address, remotePort: 7,
        cookie: 0, now: now)
      guard case .connecting(let handle) = outcome else { fatalError("\(outcome)") }
      streams[handle] = Stream()
    }
  }

  func turn() {
    for event in core.takeEvents() { handle(event) }
    for handle in streams.keys { offer(handle) }
  }

  private func handle(_ event: StackEvents.Event) {
    switch event {
    case .connected(let handle): streams[handle]?.isConnected = true
    case .knock(let handle):
      precondition(core.stack.tcp.accept(handle, cookie: 0) == .ok)
      streams[handle] = Stream(isConnected: true)
    case .received(let handle, let buffer, let offset, let byteCount):
      let start = core.pool.pointer(to: buffer) + offset
      let bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
      let position = streams[handle]?.received ?? 0
      isExact =
        isExact && position + byteCount <= text.count
        && bytes.elementsEqual(text[position..<(position + byteCount)])
      streams[handle]?.received += byteCount
      _ = core.stack.tcp.receiveDone(
        handle, buffer: buffer, byteCount: byteCount, pool: &core.pool)
    case .dead(let handle, let reason):
      if reason != .closed || streams[handle]?.received != text.count { brokenCount += 1 }
      streams[handle]?.isDone = true
    case .sent, .peerClosed, .leaving, .arrived: break
    }
  }

  private func offer(_ handle: Handle) {
    guard let stream = streams[handle], stream.isConnected, !stream.isDone else { return }
    var offered = stream.offered
    while offered < text.count, offered - stream.received < window {
      let room = window - (offered - stream.received)
      let piece = min(text.count - offered, room, 1 + offered % 3000)
      let start = UnsafeRawPointer(text.baseAddress! + offered)
      let outcome = core.stack.tcp.send(
        handle, Fragment(address: KernelAddress(of: start), byteCount: piece), pool: &core.pool)
      guard case .taken(let count) = outcome, count > 0 else { break }
      offered += count
    }
    streams[handle]?.offered = offered
    guard offered == text.count, stream.received == text.count, !stream.isShut else { return }
    streams[handle]?.isShut = core.stack.tcp.shutdown(handle) == .ok
  }
}
