import CIXABI
import IXABI

// From `Connection.send` to acknowledgement: chunks queue on their session, one batched call per
// session and round offers them to the kernel, `sent` events release them. Received bytes that are
// all a session has to send go back to the kernel at once, buffer included, and are no chunk at all.

extension Core {
  /// The session's number, nil when the connection has ended.
  @inline(__always)
  func session(of connection: Connection) -> UInt32? {
    sessions.isValid(connection.index)
      && sessions[connection.index].generation == connection.generation ? connection.index : nil
  }

  /// Whether the connection has neither ended nor been closed by the application.
  @inline(__always)
  func isOpen(_ connection: Connection) -> Bool {
    guard let index = session(of: connection) else { return false }
    return sessions[index].facts.lacks(.closing)
  }

  /// Whether the connection is open and hardly anything is under way to its peer.
  @inline(__always)
  func isNearlyIdle(_ connection: Connection) -> Bool {
    guard let index = session(of: connection) else { return false }
    // A few small replies, each of which may take a block of its own.
    let limit = 256
    return sessions[index].facts.lacks(.closing) && sessions[index].unacknowledgedByteCount < limit
  }

  @inline(__always)
  func unacknowledgedByteCount(of connection: Connection) -> Int {
    guard let index = session(of: connection) else { return 0 }
    return sessions[index].unacknowledgedByteCount
  }

  // MARK: Queueing

  @inline(never)
  mutating func enqueue(_ chunk: Chunk, on connection: Connection) {
    guard chunk.byteCount > 0, let index = session(of: connection),
      sessions[index].facts.lacks(.closing)
    else {
      return giveBack(chunk)
    }
    append(chunk, to: index)
  }

  /// Queues a copy of `bytes`, in the block of the previous copy while it has room.
  @inline(never)
  mutating func enqueue(copying bytes: RawSpan, on connection: Connection) {
    guard bytes.byteCount > 0, let index = session(of: connection),
      sessions[index].facts.lacks(.closing)
    else { return }
    if sessions[index].facts.contains(.growing), chunks[sessions[index].lastChunk].append(bytes) {
      return sessions[index].didGrow(bytes.byteCount)
    }
    guard bytes.byteCount <= BlockPool.blockByteCount else {
      var buffer = SendBuffer(capacity: bytes.byteCount)
      buffer.append(bytes)
      return append(buffer.relinquish(), to: index)
    }
    var chunk = Chunk(pooled: blocks.take())
    _ = chunk.append(bytes)
    append(chunk, to: index)
    sessions[index].facts.insert(.growing)
  }

  @inline(__always)
  private mutating func append(_ chunk: Chunk, to index: UInt32) {
    let number = chunks.insert(chunk)
    if sessions[index].facts.lacks(.queued) {
      sessions[index].didQueueFirst(number, byteCount: chunk.byteCount)
      return markDirty(index)
    }
    chunks[sessions[index].lastChunk].next = number
    sessions[index].didQueueNext(number, byteCount: chunk.byteCount)
    if sessions[index].facts.lacks(.blocked) { markDirty(index) }
  }

  /// Queues `chunk` before all others, none of which was offered to the kernel.
  mutating func prepend(_ chunk: Chunk, to index: UInt32) {
    guard sessions[index].facts.contains(.queued) else { return append(chunk, to: index) }
    let number = chunks.insert(chunk)
    chunks[number].next = sessions[index].firstChunk
    sessions[index].didPrecede(number, byteCount: chunk.byteCount)
    markDirty(index)
  }

  @inline(__always)
  mutating func markDirty(_ index: UInt32) { sessions[index].join(&firstDirty, as: index) }

  // MARK: Offering

  /// Offers what sessions have to send to the kernel, in one call each. Those that have more to do
  /// once its result is known are dirty afterwards.
  mutating func sendDirtySessions() {
    var index = firstDirty
    firstDirty = Slab<Session>.none
    while index != Slab<Session>.none {
      let next = sessions[index].nextDirty
      sendDirtySession(index)
      index = next
    }
  }

  @inline(__always)
  private mutating func sendDirtySession(_ index: UInt32) {
    sessions[index].facts.remove(.dirty)
    guard sessions[index].generation != 0 else { return sessions.remove(index) }
    // Whatever follows received bytes waits for the result, too.
    if sessions[index].returnBatch == batch { return markDirty(index) }
    let facts = sessions[index].facts
    if facts.contains(.unsent), facts.lacks(.blocked) {
      issueSend(index)
    } else {
      return advanceClose(index)
    }
    // FIN waits for the result.
    if facts.contains(.closing) { markDirty(index) }
  }

  @inline(__always)
  private mutating func issueSend(_ index: UInt32) {
    let first = chunks[sessions[index].firstUnsent]
    let taken = sessions[index].takenOfFirstUnsent
    guard first.next == Slab<Chunk>.none else {
      return issueGatheringSend(index, first, taken: taken)
    }
    let byteCount = UInt64(first.byteCount &- taken)
    sessions[index].didOffer(byteCount, upTo: Slab<Chunk>.none)
    issue(
      .tcpSend, handle: sessions[index].handle, cookie: sessions[index].cookie(index),
      address: first.address &+ UInt64(taken), byteCount: byteCount)
  }

  /// Offers several chunks, of which the kernel has `taken` bytes of the first.
  @inline(never)
  private mutating func issueGatheringSend(_ index: UInt32, _ first: Chunk, taken: UInt32) {
    var call = CallDescriptor(.tcpSend, handle: sessions[index].handle)
    call.cookie = sessions[index].cookie(index)
    call.address = first.address &+ UInt64(taken)
    call.byte_count = UInt64(first.byteCount &- taken)
    let next = gather(from: first.next, into: &call)
    sessions[index].didOffer(call.byte_count, upTo: next)
    issue(call)
    if next != Slab<Chunk>.none { markDirty(index) }
  }

  /// Turns a call with one range into one with that range and those from `chunk` on. Returns the first
  /// chunk that found no room.
  private mutating func gather(from chunk: UInt32, into call: inout CallDescriptor) -> UInt32 {
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
    return number
  }

  private var vectorLimit: Int { 16 }

  /// The kernel has not taken all that a `tcpSend` offered: the rest counts as not sent again.
  mutating func finishPartialSend(_ call: CallDescriptor) {
    guard let index = session(of: Connection(cookie: call.cookie)) else { return }
    let taken = UInt64(max(call.result, 0))
    sessions[index].unsentByteCount &+= UInt32(truncatingIfNeeded: call.byte_count &- taken)
    findFirstUnsent(index)
    if sessions[index].inFlightByteCount > 0 {
      sessions[index].facts.insert(.blocked)
    } else {
      // Nothing is in flight whose `sent` could unblock the session.
      markDirty(index)
    }
  }

  /// Finds where the bytes in flight end in the queue; some of it was not taken.
  private mutating func findFirstUnsent(_ index: UInt32) {
    let session = sessions[index]
    var rest = session.inFlightByteCount &- session.olderByteCount &+ session.acknowledgedOfFirst
    var number = session.firstChunk
    while rest >= chunks[number].byteCount {
      rest &-= chunks[number].byteCount
      number = chunks[number].next
    }
    sessions[index].firstUnsent = number
    sessions[index].takenOfFirstUnsent = rest
    sessions[index].facts.insert(.unsent)
  }

  // MARK: Acknowledgement

  /// The peer acknowledged `byteCount` more bytes: chunks that are done go back. Returns whether the
  /// application still has the connection.
  @inline(__always)
  mutating func acknowledged(_ index: UInt32, byteCount: UInt32) -> Bool {
    guard sessions[index].didAcknowledge(byteCount) else { return true }
    return acknowledgedQueue(index, byteCount: byteCount)
  }

  @inline(never)
  private mutating func acknowledgedQueue(_ index: UInt32, byteCount: UInt32) -> Bool {
    let first = sessions[index].firstChunk
    if sessions[index].hasInFlight(only: first), chunks[first].byteCount == byteCount {
      // One reply, acknowledged as a whole.
      sessions[index].facts.remove(.queued)
      giveBack(chunks[first])
      chunks.remove(first)
      return true
    }
    if sessions[index].facts.contains(.queued) { acknowledgeChunks(index, byteCount: byteCount) }
    sessions[index].facts.remove(.blocked)
    if sessions[index].facts.lacks(.unsent | .closing) { return true }
    markDirty(index)
    return sessions[index].facts.lacks(.closing)
  }

  private mutating func acknowledgeChunks(_ index: UInt32, byteCount: UInt32) {
    let older = min(byteCount, sessions[index].olderByteCount)
    sessions[index].olderByteCount &-= older
    var rest = byteCount &- older &+ sessions[index].acknowledgedOfFirst
    var number = sessions[index].firstChunk
    while rest >= chunks[number].byteCount {
      let chunk = chunks[number]
      rest &-= chunk.byteCount
      chunks.remove(number)
      giveBack(chunk)
      number = chunk.next
      if number == Slab<Chunk>.none {
        sessions[index].facts.remove(.queued)
        rest = 0
        break
      }
    }
    sessions[index].firstChunk = number
    sessions[index].acknowledgedOfFirst = rest
  }

  /// Gives back all that a session has queued.
  mutating func dropChunks(_ index: UInt32) {
    guard sessions[index].facts.contains(.queued) else { return }
    sessions[index].facts.remove(.queued | .unsent)
    var number = sessions[index].firstChunk
    while number != Slab<Chunk>.none {
      let chunk = chunks[number]
      chunks.remove(number)
      giveBack(chunk)
      number = chunk.next
    }
  }

  @inline(__always)
  mutating func giveBack(_ chunk: Chunk) {
    if chunk.owner == .pool { return blocks.giveBack(chunk.address) }
    giveBackOther(chunk)
  }

  @inline(never)
  private mutating func giveBackOther(_ chunk: Chunk) {
    switch chunk.owner {
    case .nobody, .pool: break
    case .network:
      receiveDone(handle: chunk.token, buffer: chunk.capacity, byteCount: chunk.byteCount)
    case .heap: chunk.freeBlock()
    case .application: returnedLoans.append(chunk.token)
    }
  }

  /// Gives a receive buffer back to the kernel.
  @inline(__always)
  mutating func receiveDone(handle: UInt64, buffer: UInt32, byteCount: UInt32) {
    issue(.tcpReceiveDone, handle: handle, byteCount: UInt64(byteCount), buffer: buffer)
  }
}
