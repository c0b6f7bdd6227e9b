import IXABI
import Network
import Packets
import TCP
import Wire

/// Our side: the stack and, in place of a dataplane, an application that hears of events at once.
struct OurSide: ~Copyable {
  static let messageByteCount = 64
  static let segmentByteCount = 1460
  private static let queueLimit = 44

  private var device = WireDevice()
  private var pool: PacketPool
  private var stack: NetworkStack<Cubic>
  private var application: Application
  private var now = Instant(nanoseconds: 1_000_000_000)

  init(_ role: Int, count: UInt64) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 20, alignment: 4096)
    let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 * 2048, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    var arena = Arena(unowned: memory)
    let region = MemoryRegion(
      base: KernelAddress(of: buffers.baseAddress!), byteCount: buffers.count)
    let interface = InterfaceConfiguration(address: IPv4Address(10, 0, 0, 2), prefixLength: 24)
    guard let pool = PacketPool(memory: region, arena: &arena),
      let tcp = Endpoint<Cubic>(
        configuration: Configuration(), secret: (1, 2), now: now, arena: &arena),
      let stack = NetworkStack(
        configuration: interface, tcp: tcp, bufferCount: pool.count, arena: &arena)
    else { fatalError("the arena is too small") }
    self.pool = pool
    self.stack = stack
    application = Application(role: role, target: count)
    if self.stack.tcp.listen(port: 7) != .ok { fatalError("port 7") }
  }

  /// Messages echoed to the client, or segments' worth of bytes received.
  var progress: UInt64 {
    application.received
      / UInt64(
        application.role == ROLE_ECHO_CLIENT ? Self.messageByteCount : Self.segmentByteCount)
  }

  mutating func connect() {
    _ = stack.tcp.connect(
      localAddress: IPv4Address(10, 0, 0, 2), remoteAddress: IPv4Address(10, 0, 0, 1),
      remotePort: 7, cookie: 1, now: now)
  }

  /// A cycle as the elastic thread runs it, with every frame that is there.
  mutating func turn() {
    now = now + .microseconds(20)
    stack.expire(now: now, pool: &pool)
    stack.beginReceiving(now: now, device: device)
    while let frame = device.receive(&pool) {
      stack.receive(frame, now: now, pool: &pool, device: &device, events: &application)
    }
    stack.deliver(into: &application, pool: &pool)
    act()
    stack.transmit(now: now, device: &device, pool: &pool)
  }

  /// What the application does about what it heard.
  private mutating func act() {
    if let handle = application.knock {
      _ = stack.tcp.accept(handle, cookie: 1)
      application.knock = nil
    }
    for index in 0..<application.arrivalCount {
      let arrival = application.arrivals[index]
      if application.role == ROLE_ECHO_SERVER {
        _ = stack.tcp.sendReceived(
          arrival.handle, buffer: arrival.buffer, offset: UInt64(arrival.offset),
          byteCount: UInt64(arrival.byteCount), pool: &pool)
      } else {
        _ = stack.tcp.receiveDone(
          arrival.handle, buffer: arrival.buffer, byteCount: arrival.byteCount, pool: &pool)
      }
    }
    application.arrivalCount = 0
    sendMore()
  }

  private mutating func sendMore() {
    guard let handle = application.handle else { return }
    let message = Fragment(address: application.message, byteCount: Self.segmentByteCount)
    if application.role == ROLE_ECHO_CLIENT {
      guard application.sent < application.target,
        application.received == application.sent * UInt64(Self.messageByteCount)
      else { return }
      let part = Fragment(address: message.address, byteCount: Self.messageByteCount)
      _ = stack.tcp.send(handle, part, pool: &pool)
      application.sent += 1
    } else if application.role == ROLE_BULK_SENDER {
      while application.sent < application.target, application.queued < Self.queueLimit {
        _ = stack.tcp.send(handle, message, pool: &pool)
        application.sent += 1
        application.queued += 1
      }
    }
  }
}
