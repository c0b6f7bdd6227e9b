import IXABI
import Packets
import Wire

/// An application that accepts everything, and what it was told.
struct FuzzApplication: ConnectionEvents, DatagramEvents, ~Copyable {
  struct Held: BitwiseCopyable {
    var handle = Handle(rawValue: 0)
    var buffer: UInt32 = 0
    var offset = 0
    var byteCount = 0
  }

  static let roomLimit = FixedQueue<Held>.capacity

  private(set) var roomCount = Self.roomLimit
  var knocks = FixedQueue(filler: Handle(rawValue: 0))
  /// Buffers that have not been returned.
  var held = FixedQueue(filler: Held())
  var datagrams = FixedQueue(filler: 0 as UInt32)
  /// Connections whose peer has closed.
  var closed = FixedQueue(filler: Handle(rawValue: 0))

  /// The next cycle begins.
  mutating func makeRoom() { roomCount = Self.roomLimit }

  private mutating func take() {
    require(roomCount > 0, "an event without room for it")
    roomCount -= 1
  }

  mutating func knock(_ handle: Handle, flow: Flow) {
    take()
    knocks.append(handle)
  }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) { take() }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    require(offset >= 0 && byteCount > 0, "no bytes were received")
    require(offset + byteCount <= PacketPool.bufferByteCount, "bytes outside their buffer")
    take()
    held.append(Held(handle: handle, buffer: buffer, offset: offset, byteCount: byteCount))
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    require(byteCount > 0, "nothing was given back")
    take()
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) {
    take()
    closed.append(handle)
  }
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { take() }
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {
    take()
    datagrams.append(buffer)
  }
  mutating func datagramSent(cookie: UInt64, status: Status) { take() }
}
