import CIXABI
import IXABI

// Received bytes on their way back to the peer they came from: the buffer goes to the kernel with
// the call that sends them. Possible while there is nothing else to send; whatever else is sent makes
// a chunk of them first, so that the order stays.

extension Core {
  /// Sends received bytes on.
  @inline(__always)
  mutating func send(
    received address: UInt64, byteCount: UInt32, buffer: UInt32, handle: UInt64,
    on connection: Connection
  ) {
    guard let index = session(of: connection), sessions[index].handle == handle, byteCount > 0,
      sessions[index].takesReturned
    else {
      let chunk = Chunk(received: address, handle: handle, byteCount: byteCount, buffer: buffer)
      return enqueue(chunk, on: connection)
    }
    sessions[index].didReturn(address, byteCount, buffer)
    markDirty(index)
  }

  /// Gives the received bytes of a session whose turn has come to the kernel.
  @inline(__always)
  mutating func issueReturned(_ index: UInt32) {
    issue(
      .tcpSendReceived, handle: sessions[index].handle, cookie: sessions[index].cookie(index),
      address: sessions[index].returnedAddress,
      byteCount: UInt64(sessions[index].returnedByteCount), buffer: sessions[index].returnedBuffer)
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
    append(chunk, to: index)
    // Tried again when a `sent` has come, or at once if none will.
    if !isAlone { sessions[index].facts.insert(.blocked) }
  }

  /// Makes a chunk of received bytes that were to be sent alone.
  @inline(never)
  mutating func queueReturned(_ index: UInt32) {
    let chunk = Chunk(
      received: sessions[index].returnedAddress, handle: sessions[index].handle,
      byteCount: sessions[index].returnedByteCount, buffer: sessions[index].returnedBuffer)
    sessions[index].facts.remove(.returning)
    sessions[index].unacknowledgedByteCount &-= Int(chunk.byteCount)
    append(chunk, to: index)
  }

  /// Gives received bytes back that will not be sent: their session ends.
  mutating func dropReturned(_ index: UInt32) {
    guard sessions[index].facts.contains(.returning) else { return }
    receiveDone(
      handle: sessions[index].handle, buffer: sessions[index].returnedBuffer,
      byteCount: sessions[index].returnedByteCount)
    sessions[index].facts.remove(.returning)
  }
}
