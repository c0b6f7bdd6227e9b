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
    guard Int(buffer) < pool.count, pool[buffer].holder == handle.index,
      pool[buffer].sequence == handle.generation, Int(handle.index) < connections.count
    else { return .badArgument }
    let held = UInt32(pool[buffer].payloadByteCount)
    pool[buffer].holder = PacketPool.none
    pool.release(PacketBuffer(adopting: buffer))
    guard let index = find(handle) else { return .ok }
    let reaction = connections[index].returned(
      byteCount: held, configuration: resources.configuration)
    if reaction.contains(.output) { listForOutput(index) }
    return .ok
  }
}

extension Connection {
  /// SEND is possible in this state (RFC 9293, section 3.10.2).
  @inline(__always)
  var canQueue: Bool {
    (state == .established || state == .closeWait || state == .synSent || state == .synReceived)
      && !flags.contains(.finQueued)
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
