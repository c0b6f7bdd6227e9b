import CIXABI
import IXABI

// Received bytes on their way back to the peer they came from: the buffer goes to the kernel with
// the call that sends them. Possible while there is nothing else to send; whatever else is sent waits
// until the kernel has taken them, so that the order stays.

extension Core {
  /// Sends received bytes on.
  @inline(__always)
  mutating func send(
    received address: UInt64, byteCount: UInt32, buffer: UInt32, handle: UInt64,
    on connection: Connection
  ) {
    guard let index = session(of: connection), sessions[index].handle == handle, byteCount > 0,
      sessions[index].facts.lacks(.queued | .closing), sessions[index].returnBatch != batch
    else {
      let chunk = Chunk(received: address, handle: handle, byteCount: byteCount, buffer: buffer)
      return enqueue(chunk, on: connection)
    }
    issue(
      .tcpSendReceived, handle: handle, cookie: connection.cookie, address: address,
      byteCount: UInt64(byteCount), buffer: buffer)
    sessions[index].unacknowledgedByteCount &+= Int(byteCount)
    sessions[index].returnBatch = batch
  }

  /// The kernel has not taken received bytes: they wait as a chunk, before anything that is younger,
  /// or go back when their connection is no more.
  @inline(never)
  mutating func finishReturned(_ call: CallDescriptor) {
    let chunk = Chunk(
      received: call.address, handle: call.handle,
      byteCount: UInt32(truncatingIfNeeded: call.byte_count), buffer: call.buffer)
    guard let index = session(of: Connection(cookie: call.cookie)) else { return giveBack(chunk) }
    sessions[index].unacknowledgedByteCount &-= Int(chunk.byteCount)
    let isAlone = sessions[index].inFlightByteCount == 0
    prepend(chunk, to: index)
    // Tried again when a `sent` has come, or at once if none will.
    if !isAlone { sessions[index].facts.insert(.blocked) }
  }
}
