import IXABI
import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// A conversation with one host, the peer being the test: inject a segment, expect exact segments.
struct Script {
  static let here = IPv4Address(10, 0, 0, 2)
  static let peer = IPv4Address(10, 0, 0, 1)
  static let port: UInt16 = 7
  static let peerPort: UInt16 = 40_000

  let host: Host
  /// The peer's next sequence number, and what it has received of ours.
  var next: UInt32 = 1000
  var acknowledged: UInt32 = 0
  var window: UInt16 = 60_000
  var flow = Flow(
    localAddress: here, remoteAddress: peer, localPort: port, remotePort: peerPort)
  var handle = Handle(rawValue: 0)
  /// Our initial sequence number.
  var initial: UInt32 = 0

  init(
    _ configuration: Configuration = Configuration(), initial next: UInt32 = 1000,
    bufferCount: Int = 1024, arenaByteCount: Int = 8 << 20
  ) {
    host = Host(configuration, bufferCount: bufferCount, arenaByteCount: arenaByteCount)
    self.next = next
  }

  func segment(
    _ flags: TCPFlags, _ payload: [UInt8] = [], sequence: UInt32? = nil, ack: UInt32? = nil,
    window: UInt16? = nil, options: TCPOptions = TCPOptions()
  ) -> TestSegment {
    TestSegment(
      flow: flow, sequence: sequence ?? next,
      acknowledgment: flags.contains(.ack) ? ack ?? acknowledged : 0, flags: flags,
      window: window ?? self.window, payload: payload, options: options)
  }

  /// Injects a segment; what the host sends in answer.
  @discardableResult
  func inject(
    _ flags: TCPFlags, _ payload: [UInt8] = [], sequence: UInt32? = nil, ack: UInt32? = nil,
    window: UInt16? = nil, options: TCPOptions = TCPOptions()
  ) -> [TestSegment] {
    host.receive(
      segment(
        flags, payload, sequence: sequence, ack: ack, window: window, options: options))
    return host.output()
  }

  /// A passive open up to `accept`; MSS 1000 is announced.
  mutating func establish(options: TCPOptions = Script.synOptions()) throws {
    _ = host.endpoint.listen(port: Self.port)
    let reply = try #require(inject(.syn, options: options).first)
    #expect(reply.flags == .syn | .ack)
    #expect(reply.acknowledgment == next &+ 1)
    initial = reply.sequence
    next &+= 1
    acknowledged = initial &+ 1
    let silence = inject(.ack)
    #expect(silence.isEmpty)
    guard case .knock(let handle, flow) = try #require(host.events().first) else {
      Issue.record("no knock")
      return
    }
    self.handle = handle
    let status = host.endpoint.accept(handle, cookie: 99)
    #expect(status == .ok)
  }

  static func synOptions(_ maximumSegment: UInt16 = 1000, scale: UInt8? = nil) -> TCPOptions {
    var options = TCPOptions()
    options.maximumSegmentByteCount = maximumSegment
    options.windowScale = scale
    return options
  }

  /// Queues bytes for transmission; they live as long as the test.
  func send(_ bytes: [UInt8]) -> SendOutcome {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    memory.copyBytes(from: bytes)
    let address = KernelAddress(of: UnsafeRawPointer(memory.baseAddress!))
    return host.endpoint.send(
      handle, Fragment(address: address, byteCount: bytes.count), pool: &host.pool)
  }

  /// The payload of all `received` events now, each buffer returned at once.
  func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    for case .received(let handle, _, let buffer, let offset, let byteCount) in host.events() {
      bytes += host.bytes(of: buffer, offset, byteCount)
      let status = host.endpoint.receiveDone(
        handle, buffer: buffer, byteCount: byteCount, pool: &host.pool)
      #expect(status == .ok)
    }
    return bytes
  }
}
