import IXABI

/// Bytes of one connection in the buffer the network card wrote them to, read-only. Owning them
/// keeps the buffer; sending them on or letting them go gives it back.
@safe
@frozen
public struct ReceivedBytes: ~Copyable {
  private let address: UInt64
  /// 1...65535 bytes.
  public let byteCount: Int
  private let buffer: UInt32
  private let handle: UInt64

  init(_ event: borrowing EventDescriptor) {
    address = event.address
    byteCount = Int(event.byte_count)
    buffer = event.buffer
    handle = event.handle
  }

  /// The bytes, in place.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: the kernel lends this range of the receive window until `receiveDone`, which only
      // giving up `self` issues.
      let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
      let span = unsafe RawSpan(_unsafeStart: pointer, byteCount: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Sends the bytes on; the buffer goes back when the peer has them.
  @inline(__always)
  consuming func send(on connection: Connection) {
    Core.current.send(
      received: address, byteCount: UInt32(truncatingIfNeeded: byteCount), buffer: buffer,
      handle: handle, on: connection)
    discard self
  }

  deinit {
    Core.current.receiveDone(
      handle: handle, buffer: buffer, byteCount: UInt32(truncatingIfNeeded: byteCount))
  }
}
