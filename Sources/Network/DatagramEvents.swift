import IXABI
import Wire

/// Where a stack reports datagrams; in a dataplane, the array of event conditions.
package protocol DatagramEvents: ~Copyable {
  /// Events that can be recorded now. The stack keeps what does not fit for the next cycle.
  var roomCount: Int { get }

  /// `byteCount` bytes from `offset` of a pool buffer are lent to the application, until
  /// `NetworkStack.datagramReceiveDone`.
  mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int)
  /// The bytes of a datagram that was taken for sending belong to the application again. `status`
  /// is `.ok`, or `.unreachable` when its neighbour did not answer.
  mutating func datagramSent(cookie: UInt64, status: Status)
}

/// A datagram to be sent: everything but the payload's bytes.
package struct OutgoingDatagram: BitwiseCopyable, Sendable {
  package var remoteAddress: IPv4Address
  package var remotePort: UInt16
  /// A bound port.
  package var localPort: UInt16
  /// Comes back with `datagramSent`.
  package var cookie: UInt64

  package init(
    remoteAddress: IPv4Address, remotePort: UInt16, localPort: UInt16, cookie: UInt64 = 0
  ) {
    self.remoteAddress = remoteAddress
    self.remotePort = remotePort
    self.localPort = localPort
    self.cookie = cookie
  }
}
