import Wire

/// The 4-tuple that identifies a connection (RFC 9293, section 3.3.1), seen from here.
package struct Flow: Hashable, BitwiseCopyable, Sendable {
  package var localAddress: IPv4Address
  package var remoteAddress: IPv4Address
  package var localPort: UInt16
  package var remotePort: UInt16

  @inline(__always)
  package init(
    localAddress: IPv4Address, remoteAddress: IPv4Address, localPort: UInt16, remotePort: UInt16
  ) {
    self.localAddress = localAddress
    self.remoteAddress = remoteAddress
    self.localPort = localPort
    self.remotePort = remotePort
  }
}
