import IXABI

/// A UDP datagram in the buffer the network card wrote it to, read-only. Owning it keeps the buffer;
/// sending it back or letting it go gives it back.
@safe
@frozen
public struct ReceivedDatagram: ~Copyable {
  private let address: UInt64
  /// 0...65507 bytes.
  public let byteCount: Int
  public let remoteAddress: IPv4Address
  public let remotePort: UInt16
  public let localPort: UInt16
  private let buffer: UInt32

  init(_ event: borrowing EventDescriptor) {
    address = event.address
    byteCount = Int(event.byte_count)
    remoteAddress = IPv4Address(rawValue: event.remote_address)
    remotePort = event.remote_port
    localPort = event.local_port
    buffer = event.buffer
  }

  /// The payload, in place.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: the kernel lends this range of the receive window until `udpReceiveDone`, which
      // only giving up `self` issues.
      let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
      let span = unsafe RawSpan(_unsafeStart: pointer, byteCount: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Sends the same bytes back, from where they lie: the kernel keeps the buffer until the card has
  /// read it. Lost, as datagrams may be, when the card's queue is full or the payload is longer than
  /// one frame.
  public consuming func sendBack() {
    Core.current.send(
      address: address, byteCount: byteCount, to: remoteAddress, remotePort, from: localPort,
      cookie: 0)
  }

  /// Sends `buffer` to where this datagram came from; as `send(_:to:port:from:)`.
  public func reply(_ buffer: consuming SendBuffer) {
    send(buffer, to: remoteAddress, port: remotePort, from: localPort)
  }

  deinit { Core.current.receiveDone(datagram: buffer) }
}
