/// Sole ownership of one reference to a buffer of a `PacketPool`. It must be given back: dropping
/// one is our own bug and traps, so a leak is a failing test.
@frozen
package struct PacketBuffer: ~Copyable {
  /// The buffer's number in its pool, which is also its name in ring 3.
  package let index: UInt32

  @inline(__always)
  package init(adopting index: UInt32) { self.index = index }

  /// Turns ownership into a number, to be kept in a table until `init(adopting:)`.
  @inline(__always)
  package consuming func relinquish() -> UInt32 {
    let index = index
    discard self
    return index
  }

  deinit { precondition(index == PacketPool.none, "a packet buffer was dropped, not released") }
}

/// What the dataplane remembers about one buffer: 24 bytes, apart from the bytes themselves, which
/// ring 3 can read.
package struct PacketMetadata: BitwiseCopyable {
  /// The next buffer of the list this one is in, `PacketPool.none` at its end.
  package var next: UInt32 = PacketPool.none
  /// TCP: sequence number of the first payload byte while the buffer is queued.
  package var sequence: UInt32 = 0
  /// TCP: the last buffer of the contiguous run that this one begins, while it is queued behind a gap.
  package var runEnd: UInt32 = PacketPool.none
  /// Index of the connection that the application must return this buffer for;
  /// `PacketPool.none` when the application does not hold it.
  package var holder: UInt32 = PacketPool.none
  /// References: the device, a queue, the application and every unacknowledged transmission.
  package var references: UInt16 = 0
  /// Where the payload starts, in bytes from the start of the buffer.
  package var payloadOffset: UInt16 = 0
  /// Payload bytes.
  package var payloadByteCount: UInt16 = 0
  /// Flags of the queue the buffer is in (TCP: FIN follows the payload).
  package var flags: UInt16 = 0
}
