import IXABI
import Packets
import Wire

/// An application that accepts everything, and what it was told.
struct FuzzApplication: ConnectionEvents, DatagramEvents, ~Copyable {
  var roomCount = 64
  var knocks: [Handle] = []
  /// Buffers that have not been returned.
  var held: [(handle: Handle, buffer: UInt32, offset: Int, byteCount: Int)] = []
  var datagrams: [UInt32] = []
  /// Connections whose peer has closed.
  var closed: [Handle] = []

  mutating func knock(_ handle: Handle, flow: Flow) {
    roomCount -= 1
    knocks.append(handle)
  }
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) { roomCount -= 1 }
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    require(offset >= 0 && byteCount > 0, "no bytes were received")
    require(offset + byteCount <= PacketPool.bufferByteCount, "bytes outside their buffer")
    roomCount -= 1
    held.append((handle, buffer, offset, byteCount))
  }
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    require(byteCount > 0, "nothing was given back")
    roomCount -= 1
  }
  mutating func peerClosed(_ handle: Handle, cookie: UInt64) {
    roomCount -= 1
    closed.append(handle)
  }
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { roomCount -= 1 }
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {
    roomCount -= 1
    datagrams.append(buffer)
  }
  mutating func datagramSent(cookie: UInt64, status: Status) { roomCount -= 1 }
}
