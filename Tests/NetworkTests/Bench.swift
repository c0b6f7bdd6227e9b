import IXABI
import Packets
import TCP
import TestSupport
import Wire

@testable import Network

/// One stack with its pool and a recording device, on a virtual clock.
struct Bench: ~Copyable {
  static let hardware = MACAddress(0x0200_0000_0001)
  static let address = IPv4Address(10, 0, 0, 2)
  static let gateway = IPv4Address(10, 0, 0, 1)
  static let gatewayHardware = MACAddress(0x0200_0000_00FE)
  static let peer = IPv4Address(10, 0, 0, 9)
  static let peerHardware = MACAddress(0x0200_0000_0009)
  static let bufferCount = 64

  private let memory = TestMemory(byteCount: 8 << 20)
  private let buffers = TestMemory(byteCount: bufferCount * PacketPool.bufferByteCount)
  var pool: PacketPool
  var device = RecordingDevice()
  var stack: NetworkStack<NewReno>
  var events = RecordedDatagrams()
  var now = Instant(nanoseconds: 1_000_000_000_000)

  init(
    address: IPv4Address = address, prefixLength: Int = 24, flows: FlowSteering = .alone,
    steering: CoreLinks.Steering = .inSoftware, mesh: CoreMesh? = nil
  ) {
    var arena = memory.arena
    let configuration = InterfaceConfiguration(
      address: address, prefixLength: prefixLength, gateway: Self.gateway)
    guard let pool = PacketPool(memory: buffers.region, arena: &arena),
      let endpoint = makeEndpoint(now: Instant(nanoseconds: 1_000_000_000_000), arena: &arena),
      let links = CoreLinks(flows: flows, steering: steering, mesh: mesh, arena: &arena),
      let stack = NetworkStack(
        configuration: configuration, tcp: endpoint, bufferCount: Self.bufferCount, links: links,
        arena: &arena)
    else { fatalError("the arena is too small") }
    self.pool = pool
    self.stack = stack
  }

  mutating func receive(_ bytes: [UInt8]) {
    guard let frame = device.frame(bytes, pool: &pool) else { fatalError("no buffer is free") }
    stack.receive(frame, now: now, pool: &pool, device: &device)
  }

  /// One cycle without receiving; what the device finished is reclaimed first.
  mutating func cycle(after interval: Interval = .zero) {
    now = now + interval
    device.reclaim(&pool)
    stack.transmit(now: now, device: &device, pool: &pool)
    stack.expire(now: now, pool: &pool)
    stack.deliver(into: &events, pool: &pool)
  }

  /// Frames sent since the last call, as bytes.
  mutating func sent() -> [[UInt8]] { device.takeSent().map(\.bytes) }

  /// Makes the peer known, as its first request to us does.
  mutating func introducePeer() {
    receive(Frames.arp(1, from: Self.peer, at: Self.peerHardware))
    _ = sent()
  }

  /// Whether a ping is still answered, byte for byte.
  mutating func answersPing() -> Bool {
    _ = sent()
    receive(Frames.echoRequest(payload: [1, 2, 3]))
    let reply = sent()
    device.reclaim(&pool)
    return reply == [Frames.echoReply(payload: [1, 2, 3])]
  }

  mutating func send(
    _ payload: [UInt8], to address: IPv4Address = peer, port: UInt16 = 5000, from local: UInt16 = 7,
    cookie: UInt64 = 0
  ) -> Status {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count + 1, alignment: 1)
    defer { bytes.deallocate() }
    bytes.copyBytes(from: payload)
    guard let start = bytes.baseAddress else { fatalError("no memory") }
    let fragment = Fragment(
      address: KernelAddress(of: start), byteCount: payload.count)
    return send([fragment], to: address, port: port, from: local, cookie: cookie)
  }

  mutating func send(
    _ fragments: [Fragment], to address: IPv4Address = peer, port: UInt16 = 5000,
    from local: UInt16 = 7, cookie: UInt64 = 0
  ) -> Status {
    let datagram = OutgoingDatagram(
      remoteAddress: address, remotePort: port, localPort: local, cookie: cookie)
    return stack.send(
      datagram, fragments: fragments.span, now: now, device: &device, pool: &pool)
  }
}

/// Keeps what the stack reports about datagrams.
struct RecordedDatagrams: ConnectionEvents, DatagramEvents, ~Copyable {
  struct Datagram: Equatable {
    var address: IPv4Address
    var remotePort: UInt16
    var localPort: UInt16
    var buffer: UInt32
    var offset: Int
    var byteCount: Int
  }
  struct Completion: Equatable {
    var cookie: UInt64
    var status: Status
  }

  var roomCount = 1 << 20
  var datagrams: [Datagram] = []
  var completions: [Completion] = []
  var knocks: [Handle] = []
  var received: [(buffer: UInt32, offset: Int, byteCount: Int)] = []

  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {
    roomCount -= 1
    datagrams.append(
      Datagram(
        address: address, remotePort: remotePort, localPort: localPort, buffer: buffer,
        offset: offset, byteCount: byteCount))
  }
  mutating func datagramSent(cookie: UInt64, status: Status) {
    roomCount -= 1
    completions.append(Completion(cookie: cookie, status: status))
  }

  mutating func knock(_ handle: Handle, flow: Flow) {
    roomCount -= 1
    knocks.append(handle)
  }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) { roomCount -= 1 }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    roomCount -= 1
    received.append((buffer, offset, byteCount))
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    roomCount -= 1
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) { roomCount -= 1 }
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { roomCount -= 1 }
}

func makeEndpoint(now: Instant, arena: inout Arena) -> Endpoint<NewReno>? {
  var configuration = Configuration()
  configuration.connectionCount = 64
  configuration.reservedBufferCount = 4
  return Endpoint(configuration: configuration, secret: (1, 2), now: now, arena: &arena)
}
