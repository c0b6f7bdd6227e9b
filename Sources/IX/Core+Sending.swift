import CIXABI
import IXABI

// From `Connection.send` to acknowledgement: chunks queue on their session, one batched call per
// session and round offers them to the kernel, `sent` events release them. Received bytes that are
// all a session has to send go back to the kernel, buffer included, and are no chunk at all.

/// What the library knows of one connection.
struct Session: BitwiseCopyable {
  var handle: UInt64
  /// Zero once the session has ended.
  var generation: UInt32
  /// The queue: chunks in flight, then chunks the kernel has not taken.
  var firstChunk = Slab<Chunk>.none
  var lastChunk = Slab<Chunk>.none
  /// The last chunk, while copied bytes may be appended to it.
  var openChunk = Slab<Chunk>.none
  /// The first chunk the kernel has not taken whole.
  var firstUnsent = Slab<Chunk>.none
  var nextDirty = Slab<Session>.none
  /// Bytes of `firstUnsent` the kernel has taken.
  var takenOfFirstUnsent: UInt32 = 0
  /// Bytes of `firstChunk` the peer has acknowledged.
  var acknowledgedOfFirst: UInt32 = 0
  var unacknowledgedByteCount = 0
  /// Bytes the kernel holds: taken and not acknowledged.
  var inFlightByteCount = 0
  /// Received bytes to be sent back; they are all there is to send when `returned` is not nil.
  var returnedAddress: UInt64 = 0
  var returnedByteCount: UInt32 = 0
  var returnedBuffer = Self.noBuffer
  /// Bytes in flight that are no chunks, all of them older than the first chunk.
  var returnedInFlightByteCount: UInt32 = 0
  var isDirty = false
  /// The kernel did not take everything: wait until it reports `sent`.
  var isBlocked = false
  /// The application has closed the connection.
  var isClosing = false
  /// FIN has been asked for.
  var isShutDown = false

  init(handle: UInt64, generation: UInt32) {
    self.handle = handle
    self.generation = generation
  }

  static var noBuffer: UInt32 { .max }
}

extension Core {
  /// The session's number, nil when the connection has ended.
  @inline(__always)
  func session(of connection: Connection) -> UInt32? {
    sessions.isValid(connection.index)
      && sessions[connection.index].generation == connection.generation ? connection.index : nil
  }

  func unacknowledgedByteCount(of connection: Connection) -> Int {
    session(of: connection).map { sessions[$0].unacknowledgedByteCount } ?? 0
  }

  @inline(never)
  mutating func enqueue(_ chunk: Chunk, on connection: Connection) {
    guard let index = session(of: connection), !sessions[index].isClosing, chunk.byteCount > 0
    else {
      return giveBack(chunk)
    }
    if sessions[index].returnedBuffer != Session.noBuffer { queueReturned(index) }
    sessions[index].unacknowledgedByteCount &+= Int(chunk.byteCount)
    append(chunk, to: index)
  }

  mutating func append(_ chunk: Chunk, to index: UInt32) {
    sessions[index].openChunk = Slab<Chunk>.none
    let number = chunks.insert(chunk)
    if sessions[index].lastChunk == Slab<Chunk>.none {
      sessions[index].firstChunk = number
    } else {
      chunks[sessions[index].lastChunk].next = number
    }
    sessions[index].lastChunk = number
    if sessions[index].firstUnsent == Slab<Chunk>.none {
      sessions[index].firstUnsent = number
      sessions[index].takenOfFirstUnsent = 0
    }
    if !sessions[index].isBlocked { markDirty(index) }
  }

  /// Queues a copy of `bytes`, in the block of the previous copy while it has room.
  mutating func enqueue(copying bytes: RawSpan, on connection: Connection) {
    guard let index = session(of: connection), !sessions[index].isClosing else { return }
    let open = sessions[index].openChunk
    if open != Slab<Chunk>.none, chunks[open].append(bytes) {
      sessions[index].unacknowledgedByteCount &+= bytes.byteCount
      return
    }
    var buffer = SendBuffer(capacity: max(bytes.byteCount, blockByteCount))
    buffer.append(bytes)
    enqueue(buffer.relinquish(), on: connection)
    sessions[index].openChunk = sessions[index].lastChunk
  }

  /// Holds a round's answers to a few pipelined requests.
  private var blockByteCount: Int { 2048 }

  @inline(__always)
  mutating func markDirty(_ index: UInt32) {
    guard !sessions[index].isDirty else { return }
    sessions[index].isDirty = true
    sessions[index].nextDirty = firstDirty
    firstDirty = index
  }

  /// Offers what sessions have to send to the kernel, in one call each.
  mutating func sendDirtySessions() {
    while firstDirty != Slab<Session>.none {
      let index = firstDirty
      firstDirty = sessions[index].nextDirty
      sessions[index].isDirty = false
      guard sessions[index].generation != 0 else {
        sessions.remove(index)
        continue
      }
      if sessions[index].returnedBuffer != Session.noBuffer {
        issueReturned(index)
      } else if sessions[index].firstUnsent != Slab<Chunk>.none {
        issueSend(index)
      }
      advanceClose(index)
    }
  }

  @inline(__always)
  private mutating func issueSend(_ index: UInt32) {
    let session = sessions[index]
    var call = CallDescriptor(.tcpSend, handle: session.handle)
    call.cookie = Connection(index: index, generation: session.generation).cookie
    let first = chunks[session.firstUnsent]
    call.address = first.address &+ UInt64(session.takenOfFirstUnsent)
    call.byte_count = UInt64(first.byteCount &- session.takenOfFirstUnsent)
    if first.next != Slab<Chunk>.none { gather(from: first.next, into: &call) }
    // Until the result is known nothing may be offered twice, and nothing offered may grow.
    sessions[index].openChunk = Slab<Chunk>.none
    sessions[index].isBlocked = true
    issue(call)
  }

  /// Turns a call with one range into one with that range and those from `chunk` on.
  private mutating func gather(from chunk: UInt32, into call: inout CallDescriptor) {
    reserveVectors(vectorLimit)
    let list = append(VectorDescriptor(address: call.address, byte_count: call.byte_count))
    var number = chunk
    var count = 1
    while number != Slab<Chunk>.none, count < vectorLimit {
      let next = chunks[number]
      let byteCount = UInt64(next.byteCount)
      _ = append(VectorDescriptor(address: next.address, byte_count: byteCount))
      call.byte_count &+= byteCount
      number = next.next
      count &+= 1
    }
    call.address = list
    call.vector_count = UInt32(truncatingIfNeeded: count)
  }

  private var vectorLimit: Int { 16 }

  /// Learns how much of a `tcpSend` the kernel has taken.
  @inline(__always)
  mutating func finishSend(_ call: CallDescriptor) {
    guard let index = session(of: Connection(cookie: call.cookie)) else { return }
    let taken = call.result > 0 ? Int(call.result) : 0
    sessions[index].inFlightByteCount &+= taken
    advanceUnsent(index, by: UInt64(taken))
    if UInt64(taken) >= call.byte_count || sessions[index].inFlightByteCount == 0 {
      // Everything was taken, or nothing is in flight whose `sent` could unblock the session.
      sessions[index].isBlocked = false
      if sessions[index].firstUnsent != Slab<Chunk>.none || sessions[index].isClosing {
        markDirty(index)
      }
    }
  }

  @inline(__always)
  private mutating func advanceUnsent(_ index: UInt32, by byteCount: UInt64) {
    var rest = byteCount
    while rest > 0, sessions[index].firstUnsent != Slab<Chunk>.none {
      let chunk = chunks[sessions[index].firstUnsent]
      let open = UInt64(chunk.byteCount &- sessions[index].takenOfFirstUnsent)
      guard rest >= open else {
        sessions[index].takenOfFirstUnsent &+= UInt32(truncatingIfNeeded: rest)
        return
      }
      rest &-= open
      sessions[index].firstUnsent = chunk.next
      sessions[index].takenOfFirstUnsent = 0
    }
  }

  /// The peer acknowledged `byteCount` more bytes: chunks that are done go back.
  @inline(__always)
  mutating func acknowledged(_ index: UInt32, byteCount: UInt32) {
    sessions[index].unacknowledgedByteCount &-= Int(byteCount)
    sessions[index].inFlightByteCount &-= Int(byteCount)
    let returned = min(byteCount, sessions[index].returnedInFlightByteCount)
    sessions[index].returnedInFlightByteCount &-= returned
    if byteCount > returned { acknowledgeChunks(index, byteCount: byteCount &- returned) }
    sessions[index].isBlocked = false
    if sessions[index].firstUnsent != Slab<Chunk>.none || sessions[index].isClosing {
      markDirty(index)
    }
  }

  private mutating func acknowledgeChunks(_ index: UInt32, byteCount: UInt32) {
    var rest = byteCount
    while rest > 0, sessions[index].firstChunk != Slab<Chunk>.none {
      let chunk = chunks[sessions[index].firstChunk]
      let open = chunk.byteCount &- sessions[index].acknowledgedOfFirst
      guard rest >= open else {
        sessions[index].acknowledgedOfFirst &+= rest
        break
      }
      rest &-= open
      removeFirstChunk(index, chunk)
    }
  }

  @inline(__always)
  mutating func removeFirstChunk(_ index: UInt32, _ chunk: Chunk) {
    chunks.remove(sessions[index].firstChunk)
    sessions[index].firstChunk = chunk.next
    sessions[index].acknowledgedOfFirst = 0
    if chunk.next == Slab<Chunk>.none { sessions[index].lastChunk = Slab<Chunk>.none }
    giveBack(chunk)
  }

  mutating func giveBack(_ chunk: Chunk) {
    switch chunk.owner {
    case .nobody: break
    case .network:
      receiveDone(handle: chunk.token, buffer: chunk.capacity, byteCount: chunk.byteCount)
    case .heap: chunk.freeBlock()
    case .application: returnedLoans.append(chunk.token)
    }
  }

  /// Gives a receive buffer back to the kernel.
  @inline(__always)
  mutating func receiveDone(handle: UInt64, buffer: UInt32, byteCount: UInt32) {
    var call = CallDescriptor(.tcpReceiveDone, handle: handle)
    call.buffer = buffer
    call.byte_count = UInt64(byteCount)
    issue(call)
  }
}
