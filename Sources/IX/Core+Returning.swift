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
    sessions[index].returnedAddress = address
    sessions[index].returnedByteCount = byteCount
    sessions[index].returnedBuffer = buffer
    sessions[index].unacknowledgedByteCount &+= Int(byteCount)
    markDirty(index)
  }

  /// Gives a dirty session's received bytes to the kernel. The last call of a session that is closing
  /// must have been taken before FIN is asked for, which only chunks wait for.
  @inline(__always)
  mutating func issueReturned(_ index: UInt32) {
    guard !sessions[index].isClosing else { return queueReturned(index) }
    var call = CallDescriptor(.tcpSendReceived, handle: sessions[index].handle)
    call.cookie = Connection(index: index, generation: sessions[index].generation).cookie
    call.address = sessions[index].returnedAddress
    call.byte_count = UInt64(sessions[index].returnedByteCount)
    call.buffer = sessions[index].returnedBuffer
    sessions[index].inFlightByteCount &+= Int(sessions[index].returnedByteCount)
    sessions[index].returnedInFlightByteCount &+= sessions[index].returnedByteCount
    sessions[index].returnedBuffer = Session.noBuffer
    issue(call)
  }

  /// The kernel has not taken received bytes: they wait as a chunk, before anything that is younger,
  /// or go back when their connection is no more.
  @inline(never)
  mutating func finishReturned(_ call: CallDescriptor) {
    let chunk = Chunk(
      received: call.address, handle: call.handle,
      byteCount: UInt32(truncatingIfNeeded: call.byte_count), buffer: call.buffer)
    guard let index = session(of: Connection(cookie: call.cookie)) else { return giveBack(chunk) }
    sessions[index].inFlightByteCount &-= Int(chunk.byteCount)
    sessions[index].returnedInFlightByteCount &-= chunk.byteCount
    // Nothing is in flight whose `sent` could unblock the session?
    sessions[index].isBlocked = sessions[index].inFlightByteCount != 0
    append(chunk, to: index)
  }

  /// Makes a chunk of received bytes that were to be sent alone.
  @inline(never)
  mutating func queueReturned(_ index: UInt32) {
    let chunk = Chunk(
      received: sessions[index].returnedAddress, handle: sessions[index].handle,
      byteCount: sessions[index].returnedByteCount, buffer: sessions[index].returnedBuffer)
    sessions[index].returnedBuffer = Session.noBuffer
    append(chunk, to: index)
  }

  /// Gives received bytes back that will not be sent: their session ends.
  mutating func dropReturned(_ index: UInt32) {
    guard sessions[index].returnedBuffer != Session.noBuffer else { return }
    receiveDone(
      handle: sessions[index].handle, buffer: sessions[index].returnedBuffer,
      byteCount: sessions[index].returnedByteCount)
    sessions[index].returnedBuffer = Session.noBuffer
  }
}

extension Session {
  /// There is nothing else to send, and nothing the kernel has refused.
  @inline(__always)
  fileprivate var takesReturned: Bool {
    lastChunk == Slab<Chunk>.none && returnedBuffer == Self.noBuffer && !isBlocked && !isClosing
  }
}
