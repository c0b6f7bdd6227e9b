import Packets
import Wire

// Connections that come from another core: the side that gains them. They wait in a chain, without
// a timer and unknown to `receive`, until all packets that are older than theirs here have arrived.

extension Endpoint {
  /// Sets `count` places aside; nil when there are not so many to spare.
  package mutating func reserve(_ count: Int, pool: inout PacketPool) -> ConnectionChain? {
    if freeConnectionCount < count { recycle(atLeast: count, pool: &pool) }
    guard freeConnectionCount >= count else { return nil }
    var chain = ConnectionChain()
    while chain.count < count, let index = allocateConnection() {
      connections[index].nextFree = chain.head
      chain.head = index
      chain.count &+= 1
    }
    return chain
  }

  /// Places that were set aside and not needed.
  package mutating func freeReserved(_ chain: ConnectionChain) {
    var index = chain.head
    while index != PacketPool.none {
      let next = connections[index].nextFree
      free(index)
      index = next
    }
  }

  /// Copies a connection into a place of `reserved`, of which there is one, and puts it in front of
  /// `chain`.
  package mutating func adopt(
    _ traveller: Traveller, from reserved: inout ConnectionChain, to chain: inout ConnectionChain
  ) {
    precondition(reserved.head != PacketPool.none, "more connections than were announced")
    let index = reserved.head
    let generation = connections[index].generation
    reserved.head = connections[index].nextFree
    reserved.count &-= 1
    let place = MemoryRegion(
      base: traveller.connection, byteCount: MemoryLayout<Connection<Control>>.size)
    // SAFETY: the other core, kernel code like this with the same type of connection, leaves the
    // element alone until it has been told that the message which names it has been read.
    connections[index] = unsafe place.pointer.load(as: Connection<Control>.self)
    connections[index].settleHere(generation: generation)
    if traveller.hasFIN {
      connections[index].scoreboard.append(
        SentSegment(
          sequence: traveller.sequence, sentAt: traveller.sentAt, flags: traveller.flags),
        segments: &resources.segments)
    }
    connections[index].nextFree = chain.head
    chain.head = index
    chain.count &+= 1
  }

  /// Text of the first connection of `chain`; false when there is no buffer for it now.
  package mutating func adopt(
    _ text: TravellingText, into chain: ConnectionChain, pool: inout PacketPool
  ) -> Bool {
    guard chain.head != PacketPool.none, let buffer = pool.allocate() else { return false }
    let index = buffer.relinquish()
    pool.copy(text, to: index)
    if text.isInOrder {
      connections[chain.head].receive.heldBufferCount &+= 1
      connections[chain.head].receive.heldByteCount &+= UInt32(text.payloadByteCount)
      connections[chain.head].delivery.append(index, pool: &pool)
    } else if connections[chain.head].reassembly.insert(index, pool: &pool) != .kept {
      // The peer still has it: it has been reported, but not acknowledged.
      pool.release(PacketBuffer(adopting: index))
    }
    return true
  }

  /// Lets the connections of `chain` begin here: from now on their packets find them. They have stood
  /// still for `pause`, in which nobody could hear an answer.
  package mutating func attach(_ chain: ConnectionChain, after pause: Interval) {
    var index = chain.head
    while index != PacketPool.none {
      let next = connections[index].nextFree
      connections[index].nextFree = PacketPool.none
      connections[index].postponeRetransmission(by: pause)
      attach(index)
      index = next
    }
  }

  private mutating func attach(_ index: UInt32) {
    table.insert(index, flow: connections[index].flow)
    groups.insert(index, in: connections[index].flowGroup)
    let flags = connections[index].flags
    let key = resources.secrets.sourceKey(of: connections[index].flow)
    if flags.contains(.pending) { pendingCount &+= 1 }
    if flags.contains(.halfOpen) { halfOpen.add(key) }
    if flags.contains(.countedAtSource) { sources.add(key) }
    if connections[index].state == .timeWait { timeWaits.append(index) }
    if flags.contains(.travels) {
      connections[index].flags.remove(.travels)
      connections[index].flags.insert(.arrivalDue)
    }
    rearm(index)
    listForOutput(index)
    listForEvents(index)
  }

  /// A cookie that the other core has sent may come back to this one.
  package mutating func acceptCookies(until instant: Instant) {
    cookiesUntil = max(cookiesUntil, instant)
  }
}

extension Connection {
  /// For so long nobody could hear the answer.
  fileprivate mutating func postponeRetransmission(by pause: Interval) {
    guard awaitsAnswer, timers.retransmission != .distantFuture else { return }
    timers.retransmission = timers.retransmission + pause
  }

  /// Forgets what concerned the core it comes from.
  fileprivate mutating func settleHere(generation: UInt32) {
    self.generation = generation
    flags.remove(.hasTransmitted | .leaveDue | .leaving)
    timers.armed = .distantFuture
    release = ReleaseVariables()
    sendQueue = SendQueue()
    scoreboard = Scoreboard()
    delivery = BufferList()
    reassembly = ReassemblyQueue()
    receive.heldBufferCount = 0
    receive.heldByteCount = 0
  }
}

extension PacketPool {
  /// Copies text, with what is in front of it, from a buffer of another core's pool.
  fileprivate mutating func copy(_ text: TravellingText, to target: UInt32) {
    let start = Int(text.payloadOffset)
    let byteCount = Int(text.payloadByteCount)
    precondition(start &+ byteCount <= Self.bufferByteCount, "text does not fit its buffer")
    let source = MemoryRegion(base: text.address + start, byteCount: byteCount)
    // SAFETY: the other core lends the whole buffer; `pointer` checks the index.
    unsafe (pointer(to: target) + start).copyMemory(from: source.pointer, byteCount: byteCount)
    copiedByteCount &+= UInt64(truncatingIfNeeded: byteCount)
    self[target].sequence = text.sequence
    self[target].payloadOffset = text.payloadOffset
    self[target].payloadByteCount = text.payloadByteCount
    self[target].flags = text.flags
  }
}
