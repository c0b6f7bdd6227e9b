import IXABI
import Packets
import Wire

// Data in and out of the application's hands.
extension Endpoint {
  /// Queues bytes, which the application leaves unchanged until `sent` has given them back. A
  /// packet buffer they lie in is kept for as long, whoever returns it meanwhile.
  @inline(__always)
  package mutating func send(
    _ handle: Handle, _ fragment: Fragment, pool: inout PacketPool
  ) -> SendOutcome {
    guard let index = findOwned(handle) else { return .refused(.staleHandle) }
    guard connections[index].canQueue else { return .refused(.wrongState) }
    guard fragment.byteCount > 0 else {
      return fragment.byteCount == 0 ? .taken(0) : .refused(.badArgument)
    }
    let buffer = pool.index(containing: fragment.address)
    if let buffer, !pool.canRetain(buffer) { return .refused(.badAddress) }
    let room = connections[index].sendQueueRoom
    var byteCount = min(fragment.byteCount, room)
    if let buffer { byteCount = min(byteCount, pool.byteCount(from: fragment.address, in: buffer)) }
    guard byteCount > 0,
      connections[index].sendQueue.append(
        address: fragment.address, byteCount: UInt32(truncatingIfNeeded: byteCount),
        buffer: buffer ?? PacketPool.none,
        elementLimit: resources.configuration.sendElementLimit, elements: &resources.elements,
        pool: &pool)
    else { return .taken(0) }
    listForOutput(index)
    return .taken(byteCount)
  }

  /// The application returns a received buffer, which opens the window. Possible also after the
  /// connection's end: the buffer remembers whom it was lent to.
  @inline(__always)
  package mutating func receiveDone(
    _ handle: Handle, buffer: UInt32, byteCount: Int, pool: inout PacketPool
  ) -> Status {
    guard pool.isLent(buffer, to: handle), Int(handle.index) < connections.count else {
      return .badArgument
    }
    let held = UInt32(pool[buffer].payloadByteCount)
    pool[buffer].holder = PacketPool.none
    pool.release(PacketBuffer(adopting: buffer))
    guard let index = find(handle) else { return .ok }
    let reaction = connections[index].returned(
      byteCount: held, bufferCount: 1, configuration: resources.configuration)
    if reaction.contains(.output) { listForOutput(index) }
    return .ok
  }

  /// The application sends `byteCount` bytes from `offset` of a buffer lent for the same connection
  /// back and returns the buffer with that: one call where `send` and `receiveDone` take two, and the
  /// window opens when the peer has the bytes. All or nothing: when not all are taken, the buffer
  /// stays lent.
  @inline(__always)
  package mutating func sendReceived(
    _ handle: Handle, buffer: UInt32, offset: UInt64, byteCount: UInt64, pool: inout PacketPool
  ) -> SendOutcome {
    guard let index = findOwned(handle) else { return .refused(.staleHandle) }
    guard pool.isLent(buffer, to: handle), pool[buffer].contains(offset, byteCount) else {
      return .refused(.badArgument)
    }
    guard connections[index].canQueue else { return .refused(.wrongState) }
    let count = UInt32(truncatingIfNeeded: byteCount)
    guard connections[index].hasRoomToSend(count),
      connections[index].sendQueue.appendReceived(
        buffer, address: pool.address(of: buffer) + Int(truncatingIfNeeded: offset),
        byteCount: count, elementLimit: resources.configuration.sendElementLimit,
        elements: &resources.elements)
    else { return .taken(0) }
    pool[buffer].holder = PacketPool.none
    listForOutput(index)
    return .taken(Int(count))
  }
}

// Buffers lent to the application: only the connection's handle, generation included, returns them.
extension PacketPool {
  @inline(__always)
  mutating func lend(_ buffer: UInt32, to index: UInt32, generation: UInt32) {
    self[buffer].holder = index
    self[buffer].sequence = generation
  }

  @inline(__always)
  func isLent(_ buffer: UInt32, to handle: Handle) -> Bool {
    Int(buffer) < count && self[buffer].holder == handle.index
      && self[buffer].sequence == handle.generation
  }
}

extension PacketMetadata {
  /// Whether the `byteCount` bytes from `offset` of the buffer are some of the payload's.
  @inline(__always)
  fileprivate func contains(_ offset: UInt64, _ byteCount: UInt64) -> Bool {
    let start = offset &- UInt64(payloadOffset)
    let limit = UInt64(payloadByteCount)
    return byteCount > 0 && start < limit && byteCount <= limit &- start
  }
}

extension Connection {
  /// SEND is possible in this state (RFC 9293, section 3.10.2).
  @inline(__always)
  var canQueue: Bool {
    (state == .established || state == .closeWait || state == .synSent || state == .synReceived)
      && !flags.contains(.finQueued)
  }

  /// Whether the send queue takes `byteCount` bytes, of which a buffer holds no more.
  @inline(__always)
  fileprivate func hasRoomToSend(_ byteCount: UInt32) -> Bool {
    // None of the three is above 2^29.
    sendQueue.unsentByteCount &+ scoreboard.inFlightByteCount &+ byteCount <= SendQueue.byteLimit
  }

  /// Bytes the send queue still takes.
  @inline(__always)
  var sendQueueRoom: Int {
    let queued = Int(sendQueue.unsentByteCount) &+ Int(scoreboard.inFlightByteCount)
    return max(0, Int(SendQueue.byteLimit) &- queued)
  }
}

extension PacketPool {
  /// Bytes from `address`, which lies in `buffer`, to the buffer's end.
  @inline(__always)
  func byteCount(from address: KernelAddress, in buffer: UInt32) -> Int {
    let offset = address.rawValue &- self.address(of: buffer).rawValue
    return Self.bufferByteCount &- Int(truncatingIfNeeded: offset)
  }
}
