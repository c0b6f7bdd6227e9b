/// A TCP connection of this core: 8 bytes, freely copied. After `Service.ended` for it, or after
/// `close` and `abort`, every method does nothing.
public struct Connection: Hashable, BitwiseCopyable, Sendable {
  let index: UInt32
  let generation: UInt32

  init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  /// A small number that no other open connection of this core has: the place of a connection's
  /// state in a table of the application. Used again after `Service.ended` or `close`.
  public var number: Int { Int(index) }

  /// What the kernel hands back with every event of this connection.
  var cookie: UInt64 { UInt64(index) | UInt64(generation) << 32 }

  init(cookie: UInt64) {
    index = UInt32(truncatingIfNeeded: cookie)
    generation = UInt32(truncatingIfNeeded: cookie >> 32)
  }

  /// Sends received bytes on from where they lie. The buffer goes back to the network when the
  /// peer has acknowledged them, so the peer's own pace limits how many are held.
  public func send(_ bytes: consuming ReceivedBytes) {
    bytes.send(on: self)
  }

  /// Sends a buffer's bytes. The buffer is freed when the peer has acknowledged them.
  public func send(_ buffer: consuming SendBuffer) {
    Core.current.enqueue(buffer.relinquish(), on: self)
  }

  /// Sends a copy of `bytes`: right for a few hundred bytes. Copies of one round leave together.
  public func send(copying bytes: RawSpan) {
    Core.current.enqueue(copying: bytes, on: self)
  }

  /// Bytes handed to `send` that the peer has not acknowledged yet.
  public var unacknowledgedByteCount: Int { Core.current.unacknowledgedByteCount(of: self) }

  /// Closes in order: what was sent is delivered first. Bytes the peer sends from now on are
  /// discarded.
  public func close() { Core.current.close(self) }

  /// Resets the connection at once; what was not acknowledged may be lost.
  public func abort() { Core.current.abort(self) }
}
