import IXABI

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

  /// While hardly anything (fewer than 256 bytes) is under way to the peer: sends what `write` puts at the
  /// beginning of a block of 2048 bytes, with no further copy. `write` returns how many bytes it has
  /// put there. Returns false when nothing was sent: because more is under way or the connection is
  /// closed, so that `write` was not called, or because it returned 0.
  @inline(__always)
  public func sendIfNearlyIdle(_ write: (inout MutableRawSpan) -> Int) -> Bool {
    guard Core.current.isNearlyIdle(self) else { return false }
    let block = Core.current.blocks.take()
    let byteCount = BlockPool.write(to: block, write)
    guard byteCount > 0 else {
      Core.current.blocks.giveBack(block)
      return false
    }
    Core.current.enqueue(Chunk(pooled: block, byteCount: byteCount), on: self)
    return true
  }

  /// Bytes handed to `send` that the peer has not acknowledged yet.
  public var unacknowledgedByteCount: Int { Core.current.unacknowledgedByteCount(of: self) }

  /// Whether a segment that is not full waits while another is unacknowledged (Nagle's algorithm,
  /// RFC 9293, section 3.7.4): fewer packets for who sends many small pieces without waiting for
  /// answers. Off to begin with.
  public func setCoalescing(_ isOn: Bool) {
    Core.current.configure(self, .coalescing, value: isOn ? 1 : 0)
  }

  /// Asks a peer that was not heard for `idle` whether it is there; when several such questions stay
  /// without an answer, `Service.ended` tells `.timedOut`. At least 10 ms; nil, as in the beginning,
  /// for never. RFC 9293, section 3.8.4, advises two hours across the Internet.
  public func setKeepAlive(after idle: Interval?) {
    let value = idle.map { max($0.milliseconds, 10) } ?? 0
    Core.current.configure(self, .keepAlive, value: value)
  }

  /// Ends the connection by `.timedOut` when bytes stay unacknowledged for `limit`; nil, as in the
  /// beginning, for the dataplane's own limit of 100 s.
  public func setUserTimeout(_ limit: Interval?) {
    let value = limit.map { max($0.milliseconds, 1) } ?? 0
    Core.current.configure(self, .userTimeout, value: value)
  }

  /// Closes in order: what was sent is delivered first. Bytes the peer sends from now on are
  /// discarded.
  public func close() { Core.current.close(self) }

  /// Resets the connection at once; what was not acknowledged may be lost.
  public func abort() { Core.current.abort(self) }
}
