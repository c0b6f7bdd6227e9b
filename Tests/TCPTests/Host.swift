import IXABI
import Packets
import TestSupport
import Wire

@testable import TCP

/// A segment as it travels between hosts.
struct TestSegment: Equatable {
  var flow: Flow  // as the receiver sees it
  var sequence: UInt32
  var acknowledgment: UInt32
  var flags: TCPFlags
  var window: UInt16
  var payload: [UInt8]
  var options = TCPOptions()
  /// ECT(0) and CE (RFC 3168, section 5).
  var isECNCapable = false
  var isMarked = false

  static func == (a: Self, b: Self) -> Bool {
    a.flow == b.flow && a.sequence == b.sequence && a.acknowledgment == b.acknowledgment
      && a.flags == b.flags && a.window == b.window && a.payload == b.payload
  }
}

extension TestSegment {
  /// As the network layer hands it over when nothing about its headers is unusual.
  var usual: UsualSegment? {
    guard flags - .psh == .ack, options.maximumSegmentByteCount == nil, options.windowScale == nil,
      !options.isSACKPermitted, options.sackBlockCount == 0
    else { return nil }
    let frame = UsualFrame(
      addresses: flow.addresses << 32 | flow.addresses >> 32,
      ports: flow.ports << 16 | flow.ports >> 16, sequence: sequence,
      acknowledgment: acknowledgment, window: window, hasTimestamps: options.hasTimestamps,
      timestampValue: options.timestampValue, timestampEcho: options.timestampEcho,
      payloadByteCount: payload.count)
    return UsualSegment(frame, at: 54 - frame.headerByteCount)
  }
}

enum Event: Equatable {
  case knock(Handle, Flow)
  case connected(Handle, UInt64, Reason)
  case received(Handle, UInt64, buffer: UInt32, offset: Int, byteCount: Int)
  case sent(Handle, UInt64, byteCount: Int, window: Int)
  case peerClosed(Handle, UInt64)
  case dead(Handle, UInt64, Reason)
}

struct EventRecorder: ConnectionEvents, ~Copyable {
  var events: [Event] = []
  var capacity = Int.max
  var roomCount: Int { capacity - events.count }

  mutating func knock(_ handle: Handle, flow: Flow) { events.append(.knock(handle, flow)) }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) {
    events.append(.connected(handle, cookie, reason))
  }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    events.append(.received(handle, cookie, buffer: buffer, offset: offset, byteCount: byteCount))
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    events.append(.sent(handle, cookie, byteCount: byteCount, window: window))
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) {
    events.append(.peerClosed(handle, cookie))
  }
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) {
    events.append(.dead(handle, cookie, reason))
  }
}

/// A device whose frames are read only when they are finished, as real ones are.
struct LazyDevice: NetworkDevice, ~Copyable {
  var macAddress: MACAddress { MACAddress(0x0200_0000_0001) }
  var offloads = Offloads()
  var capacity = 256
  var queued: [(OutgoingSegment, [Fragment])] = []
  var freeTransmitSlotCount: Int { capacity - queued.count }
  /// Starts just before the wrap of tickets.
  var completedTransmissionCount: UInt32 = .max - 20

  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? { nil }
  mutating func refill(from pool: inout PacketPool) {}
  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? { nil }
  mutating func ringDoorbell() {}
  mutating func reclaim(_ pool: inout PacketPool) {}

  mutating func queue(_ segment: OutgoingSegment, _ fragments: Span<Fragment>) -> UInt32? {
    guard freeTransmitSlotCount > 0 else { return nil }
    queued.append((segment, fragments.indices.map { fragments[$0] }))
    return completedTransmissionCount &+ UInt32(queued.count)
  }

  /// Reads and finishes up to `count` frames, oldest first, cutting those to be segmented.
  mutating func finish(_ count: Int = .max) -> [TestSegment] {
    var result: [TestSegment] = []
    for (segment, fragments) in queued.prefix(count) {
      var payload: [UInt8] = []
      for fragment in fragments {
        let start = UnsafeRawPointer(bitPattern: UInt(fragment.address.rawValue))
        payload += UnsafeRawBufferPointer(start: start, count: fragment.byteCount)
      }
      result += Self.cut(segment, payload)
      completedTransmissionCount &+= 1
    }
    queued.removeFirst(min(count, queued.count))
    return result
  }

  private static func cut(_ segment: OutgoingSegment, _ payload: [UInt8]) -> [TestSegment] {
    let header = segment.header
    var whole = TestSegment(
      flow: Flow(
        localAddress: segment.remoteAddress, remoteAddress: segment.localAddress,
        localPort: header.destinationPort, remotePort: header.sourcePort),
      sequence: header.sequence, acknowledgment: header.acknowledgment, flags: header.flags,
      window: header.window, payload: payload, options: header.options,
      isECNCapable: segment.isECNCapable)
    guard segment.segmentByteCount > 0 else { return [whole] }
    var pieces: [TestSegment] = []
    while whole.payload.count > segment.segmentByteCount {
      var piece = whole
      piece.payload = Array(whole.payload.prefix(segment.segmentByteCount))
      piece.flags = whole.flags - .fin - .psh
      pieces.append(piece)
      whole.payload.removeFirst(segment.segmentByteCount)
      whole.sequence &+= UInt32(segment.segmentByteCount)
    }
    return pieces + [whole]
  }
}

struct DirectTransmitter: SegmentTransmitter, ~Copyable {
  /// What is returned instead of queueing, for tests of the other outcomes.
  var outcome: TransmitOutcome?

  mutating func transmit<Device: NetworkDevice & ~Copyable>(
    _ segment: OutgoingSegment, fragments: Span<Fragment>, device: inout Device,
    pool: inout PacketPool
  ) -> TransmitOutcome {
    if let outcome { return outcome }
    // The only device these tests have.
    return withUnsafeMutablePointer(to: &device) { pointer in
      let device = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: LazyDevice.self)
      guard let ticket = device.pointee.queue(segment, fragments) else { return .deviceFull }
      return .queued(ticket: ticket)
    }
  }
}

extension DirectTransmitter {
  mutating func transmitUsual<Device: NetworkDevice & ~Copyable>(
    to destination: IPv4Address, headerByteCount: Int, payload: Fragment, device: inout Device,
    pool: inout PacketPool, makeFrame: () -> UsualFrame
  ) -> UInt32? {
    let frame = makeFrame()
    let received = Flow(receiver: frame)
    var segment = OutgoingSegment(
      flow: Flow(
        localAddress: received.remoteAddress, remoteAddress: received.localAddress,
        localPort: received.remotePort, remotePort: received.localPort),
      sequence: SequenceNumber(frame.sequence),
      acknowledgment: SequenceNumber(frame.acknowledgment), flags: .ack | .psh,
      window: frame.window)
    if frame.hasTimestamps {
      segment.header.options.hasTimestamps = true
      segment.header.options.timestampValue = frame.timestampValue
      segment.header.options.timestampEcho = frame.timestampEcho
    }
    let fragments: InlineArray<1, Fragment> = [payload]
    let outcome = transmit(segment, fragments: fragments.span, device: &device, pool: &pool)
    guard case .queued(let ticket) = outcome else { return nil }
    return ticket
  }
}

/// One endpoint with its pool, device and memory.
final class Host {
  let poolMemory: TestMemory
  let metadataMemory: TestMemory
  let arenaMemory: TestMemory
  var pool: PacketPool
  var endpoint: Endpoint<SelectedControl>
  var device = LazyDevice()
  var transmitter = DirectTransmitter()
  var now: Instant
  /// What the application has been told at once, where that is tried.
  private var arrivals = EventRecorder()
  var deliversAtOnce = false
  /// Segments that took the usual way.
  private(set) var usualCount = 0
  let initialElementCount: Int
  let initialSegmentCount: Int
  let initialConnectionCount: Int

  init(
    _ configuration: Configuration = Configuration(), bufferCount: Int = 1024,
    arenaByteCount: Int = 8 << 20, now: Instant = Instant(nanoseconds: 1_000_000_000),
    secret: UInt64 = 1
  ) {
    poolMemory = TestMemory(byteCount: bufferCount * PacketPool.bufferByteCount)
    metadataMemory = TestMemory(byteCount: bufferCount * 64 + 4096)
    arenaMemory = TestMemory(byteCount: arenaByteCount)
    var metadataArena = metadataMemory.arena
    pool = PacketPool(memory: poolMemory.region, arena: &metadataArena)!
    var arena = arenaMemory.arena
    endpoint = Endpoint(
      configuration: configuration, secret: (secret, 2), now: now, arena: &arena)!
    self.now = now
    initialElementCount = endpoint.freeElementCount
    initialSegmentCount = endpoint.freeSegmentCount
    initialConnectionCount = endpoint.freeConnectionCount
  }

  func receive(_ segment: TestSegment) {
    guard let buffer = pool.allocate() else { return }
    let index = buffer.index
    segment.payload.withUnsafeBytes {
      if let base = $0.baseAddress {
        (pool.pointer(to: index) + 54).copyMemory(from: base, byteCount: $0.count)
      }
    }
    if let usual = segment.usual {
      arrivals.capacity = deliversAtOnce ? .max : 0
      endpoint.move(to: now, completedTransmissions: device.completedTransmissionCount)
      let isTaken = endpoint.receiveUsual(
        usual, buffer: index, pool: &pool, events: &arrivals)
      if isTaken {
        usualCount += 1
        _ = buffer.relinquish()
        return
      }
    }
    endpoint.receive(
      IncomingSegment(
        flow: segment.flow, sequence: SequenceNumber(segment.sequence),
        acknowledgment: SequenceNumber(segment.acknowledgment), window: segment.window,
        flags: segment.flags, isCongestionExperienced: segment.isMarked, payloadOffset: 54,
        payloadByteCount: UInt16(segment.payload.count),
        options: segment.options),
      buffer: buffer, now: now, completedTransmissions: device.completedTransmissionCount,
      pool: &pool)
  }

  /// Everything that leaves now.
  func output() -> [TestSegment] {
    queueOutput()
    return device.finish()
  }

  func queueOutput() {
    endpoint.transmit(now: now, via: &transmitter, device: &device, pool: &pool)
  }

  func events(room: Int = .max) -> [Event] {
    var recorder = EventRecorder()
    recorder.capacity = room
    endpoint.deliver(into: &recorder, pool: &pool)
    defer { arrivals.events = [] }
    return arrivals.events + recorder.events
  }

  func advance(by interval: Interval) {
    now = now + interval
    endpoint.expire(now: now, pool: &pool, budget: .max)
  }

  func bytes(of buffer: UInt32, _ offset: Int, _ byteCount: Int) -> [UInt8] {
    let start = pool.pointer(to: buffer) + offset
    return [UInt8](UnsafeRawBufferPointer(start: start, count: byteCount))
  }

  /// Everything is back where it was at the start.
  var isClean: Bool {
    pool.freeCount == pool.count && endpoint.freeElementCount == initialElementCount
      && endpoint.freeSegmentCount == initialSegmentCount
      && endpoint.freeConnectionCount == initialConnectionCount
      && endpoint.openConnectionCount == 0
  }
}
