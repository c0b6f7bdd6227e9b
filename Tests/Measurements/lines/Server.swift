import IXABI
import Network
import Packets
import TCP
import Wire

/// The stack and an application that echoes; the events of a turn are kept until it acts.
struct Server: ~Copyable {
  var device = LineDevice()
  private var pool: PacketPool
  private var stack: NetworkStack<SelectedControl>
  private var application = EchoApplication()
  private var now = Instant(nanoseconds: 1_000_000_000)
  private let cycle: Interval
  private let bufferCount: Int
  private let buffers: UnsafeMutableRawBufferPointer
  private let memory: UnsafeMutableRawBufferPointer

  init(connectionCount: Int) {
    // A round takes two milliseconds, however many there are: no timer repeats what was echoed.
    cycle = Interval(nanoseconds: 2_000_000 / UInt64(connectionCount))
    // Each keeps the buffer of its echo until the next message acknowledges it.
    bufferCount = connectionCount + 1024
    buffers = .allocate(byteCount: bufferCount * PacketPool.bufferByteCount, alignment: 4096)
    memory = .allocate(byteCount: 16 << 20 + connectionCount * 2048, alignment: 4096)
    var arena = Arena(unowned: memory)
    let region = MemoryRegion(
      base: KernelAddress(of: buffers.baseAddress!), byteCount: buffers.count)
    var configuration = Configuration()
    configuration.connectionCount = connectionCount
    configuration.connectionsPerSource = connectionCount
    configuration.sentSegmentCount = bufferCount
    configuration.sendElementCount = bufferCount
    let interface = InterfaceConfiguration(address: IPv4Address(10, 0, 0, 2), prefixLength: 24)
    guard let pool = PacketPool(memory: region, arena: &arena),
      let tcp = Endpoint<SelectedControl>(
        configuration: configuration, secret: (1, 2), now: now, arena: &arena),
      let stack = NetworkStack(
        configuration: interface, tcp: tcp, bufferCount: pool.count, arena: &arena)
    else { fatalError("the arena is too small") }
    self.pool = pool
    self.stack = stack
    if self.stack.tcp.listen(port: 7) != .ok { fatalError("port 7") }
  }

  /// A cycle of the elastic thread with the frame that is there.
  mutating func turn() {
    now = now + cycle
    mark(Int32(MARK_COUNT))
    stack.expire(now: now, pool: &pool)
    stack.beginReceiving(now: now, device: device)
    while let frame = device.receive(&pool) {
      stack.receive(frame, now: now, pool: &pool, device: &device, events: &application)
    }
    stack.deliver(into: &application, pool: &pool)
    act()
    stack.transmit(now: now, device: &device, pool: &pool)
    mark(Int32(MARK_PAUSE))
  }

  private mutating func act() {
    if let handle = application.knock {
      _ = stack.tcp.accept(handle, cookie: 1)
      application.knock = nil
    }
    if let arrival = application.arrival {
      _ = stack.tcp.sendReceived(
        arrival.handle, buffer: arrival.buffer, offset: UInt64(arrival.offset),
        byteCount: UInt64(arrival.byteCount), pool: &pool)
      application.arrival = nil
    }
  }

  /// Prints where what lies: name, first address, end.
  mutating func printPlan() {
    Self.report("connection", of: &stack.tcp.connections, Connection<SelectedControl>.self)
    Self.report("look-up table", of: &stack.tcp.table, UInt64.self)
    // A timer's node, 24 bytes, and the 1,024 heads that are carved behind them.
    Self.report("timer wheel", of: &stack.tcp.wheel, (UInt64, UInt64, UInt64).self, more: 64 + 4096)
    Self.report("sent segments", of: &stack.tcp.resources.segments, SentSegment.self)
    Self.report("send elements", of: &stack.tcp.resources.elements, SendElement.self)
    // Carved first, by the pool.
    Self.report(
      "buffer metadata", memory.baseAddress!, bufferCount * MemoryLayout<PacketMetadata>.stride)
    Self.report("packet headers", buffers.baseAddress!, buffers.count)
    Self.report("packet headers", device.headers, LineDevice.slotCount * LineDevice.slotByteCount)
  }

  /// A table, or what begins with one: count, capacity, base.
  private static func report<Owner: ~Copyable, Element>(
    _ name: String, of owner: inout Owner, _: Element.Type, more: Int = 0
  ) {
    withUnsafeMutablePointer(to: &owner) { pointer in
      let words = UnsafeRawPointer(pointer).assumingMemoryBound(to: Int.self)
      report(
        name, UnsafeRawPointer(bitPattern: words[2])!,
        words[1] * MemoryLayout<Element>.stride + more)
    }
  }

  private static func report(_ name: String, _ start: UnsafeRawPointer, _ byteCount: Int) {
    print(name, Int(bitPattern: start), Int(bitPattern: start) + byteCount, separator: "\t")
  }
}

struct EchoApplication: ConnectionEvents, DatagramEvents, ~Copyable {
  struct Arrival {
    var handle: Handle
    var buffer: UInt32
    var offset: Int
    var byteCount: Int
  }

  var knock: Handle?
  var arrival: Arrival?

  var roomCount: Int { arrival == nil ? 1 : 0 }
  var mergesSent: Bool { true }

  mutating func knock(_ handle: Handle, flow: Flow) { knock = handle }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) {}
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    arrival = Arrival(handle: handle, buffer: buffer, offset: offset, byteCount: byteCount)
  }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int,
    acknowledged: UInt32, window: UInt32
  ) {
    received(handle, cookie: cookie, buffer: buffer, offset: offset, byteCount: byteCount)
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {}
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) {}
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { fatalError("it ended") }
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {}
  mutating func datagramSent(cookie: UInt64, status: Status) {}
}
