import IXABI
import Network
import Packets
import TCP
import Wire

/// What the application of our side has heard and not acted on.
struct Application: ConnectionEvents, DatagramEvents, ~Copyable {
  struct Arrival {
    var handle: Handle
    var buffer: UInt32
    var offset: Int
    var byteCount: Int
  }

  let role: Int
  let target: UInt64
  /// Bytes that are sent, one segment's.
  let message: KernelAddress
  var knock: Handle?
  /// The connection that this side has opened.
  var handle: Handle?
  let arrivals = UnsafeMutablePointer<Arrival>.allocate(capacity: 256)
  var arrivalCount = 0
  var sent: UInt64 = 0
  var received: UInt64 = 0
  /// Segments in the send queue, and bytes acknowledged of the oldest.
  var queued = 0
  private var acknowledgedOfFirst = 0

  init(role: Int, target: UInt64) {
    self.role = role
    self.target = target
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: 2048)
    message = KernelAddress(of: bytes)
  }

  var roomCount: Int { 256 - arrivalCount }
  var mergesSent: Bool { true }

  mutating func knock(_ handle: Handle, flow: Flow) { knock = handle }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) {
    self.handle = handle
  }
  @inline(__always)
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    arrivals[arrivalCount] = Arrival(
      handle: handle, buffer: buffer, offset: offset, byteCount: byteCount)
    arrivalCount += 1
    received += UInt64(byteCount)
  }
  @inline(__always)
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int,
    acknowledged: UInt32, window: UInt32
  ) {
    received(handle, cookie: cookie, buffer: buffer, offset: offset, byteCount: byteCount)
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    acknowledgedOfFirst += byteCount
    queued -= acknowledgedOfFirst / OurSide.segmentByteCount
    acknowledgedOfFirst %= OurSide.segmentByteCount
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) {}
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { fatalError("it ended") }
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {}
  mutating func datagramSent(cookie: UInt64, status: Status) {}
}
