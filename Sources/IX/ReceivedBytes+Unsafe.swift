import IXABI

/// Bytes of one connection in the buffer the network card wrote them to, read-only. Owning them
/// keeps the buffer; sending them on or letting them go gives it back.
@safe
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

  /// Ownership as a queue entry: the buffer goes back when the entry is done.
  consuming func relinquish() -> Chunk {
    let chunk = Chunk(
      address: address, handle: handle, byteCount: UInt32(truncatingIfNeeded: byteCount),
      buffer: buffer)
    discard self
    return chunk
  }

  deinit {
    Core.current.receiveDone(
      handle: handle, buffer: buffer, byteCount: UInt32(truncatingIfNeeded: byteCount))
  }
}

/// Bytes in a connection's queue from `send` to acknowledgement.
struct Chunk: BitwiseCopyable {
  let address: UInt64
  /// The connection the bytes were received on.
  let handle: UInt64
  let byteCount: UInt32
  /// The receive buffer to give back afterwards; `noBuffer` when the bytes are nobody's.
  let buffer: UInt32
  var next = Slab<Chunk>.none

  static var noBuffer: UInt32 { .max }

  init(address: UInt64, handle: UInt64, byteCount: UInt32, buffer: UInt32) {
    self.address = address
    self.handle = handle
    self.byteCount = byteCount
    self.buffer = buffer
  }

  init(constant text: StaticString) {
    // SAFETY: only the number is used; the bytes are part of the application's image.
    unsafe address = UInt64(UInt(bitPattern: text.utf8Start))
    handle = 0
    byteCount = UInt32(clamping: text.utf8CodeUnitCount)
    buffer = Self.noBuffer
  }
}
