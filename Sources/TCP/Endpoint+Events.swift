import IXABI
import Packets
import Wire

extension Endpoint {
  /// Tells the application what happened, as far as there is room. What does not fit is kept.
  package mutating func deliver<Events: ConnectionEvents & ~Copyable>(
    into events: inout Events, pool: inout PacketPool
  ) {
    var remaining = eventQueue.count
    while remaining > 0, events.roomCount > 0, let index = eventQueue.pop() {
      remaining &-= 1
      connections[index].flags.remove(.listedForEvents)
      if deliver(index, into: &events, pool: &pool) {
        freeIfSpent(index)
      } else {
        listForEvents(index)
      }
    }
  }

  /// The events of one connection, in the order in which they happened to it. False when some had
  /// no room.
  private mutating func deliver<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, into events: inout Events, pool: inout PacketPool
  ) -> Bool {
    let handle = handle(of: index)
    let isUsual = !connections[index].flags.intersects(.rareEvents)
    if !isUsual, connections[index].flags.contains(.knockDue) {
      connections[index].flags.remove(.knockDue)
      connections[index].flags.insert(.knocked)
      events.knock(handle, flow: connections[index].flow)
    }
    if !isUsual, connections[index].flags.contains(.arrivalDue) {
      connections[index].flags.remove(.arrivalDue)
      connections[index].flags.insert(.arrived)
      events.arrived(
        handle, cookie: connections[index].cookie, flow: connections[index].flow)
    }
    guard connections[index].flags.contains(.owned) else { return true }
    let cookie = connections[index].cookie
    if !isUsual, connections[index].flags.contains(.connectedDue) {
      guard events.roomCount > 0 else { return false }
      connections[index].flags.remove(.connectedDue | .attempting)
      events.connected(handle, cookie: cookie, reason: .none)
    }
    if !isUsual, isLeaving(index, events.letsConnectionsGo) {
      return askToLeave(index, handle, cookie, into: &events)
        && deliverSent(index, handle, cookie, into: &events)
    }
    guard deliverReceived(index, handle, cookie, into: &events, pool: &pool),
      deliverSent(index, handle, cookie, into: &events)
    else { return false }
    if isUsual { return true }
    if connections[index].flags.contains(.peerClosedDue) {
      guard events.roomCount > 0 else { return false }
      connections[index].flags.remove(.peerClosedDue)
      events.peerClosed(handle, cookie: cookie)
    }
    return deliverEnd(index, handle, cookie, into: &events)
  }

  @inline(__always)
  private mutating func deliverReceived<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, _ handle: Handle, _ cookie: UInt64, into events: inout Events,
    pool: inout PacketPool
  ) -> Bool {
    guard !connections[index].delivery.isEmpty else { return true }
    var acknowledged: UInt32 = 0
    var window: UInt32 = 0
    if events.mergesSent, events.roomCount > 0 {
      acknowledged = connections[index].release.unreportedByteCount
      if acknowledged > 0 {
        connections[index].release.unreportedByteCount = 0
        window = connections[index].suggestedByteCount(resources: resources)
      }
    }
    repeat {
      guard events.roomCount > 0, let buffer = connections[index].delivery.pop(pool: pool) else {
        return false
      }
      pool.lend(buffer, to: index, generation: handle.generation)
      let metadata = pool[buffer]
      events.received(
        handle, cookie: cookie, buffer: buffer, offset: Int(metadata.payloadOffset),
        byteCount: Int(metadata.payloadByteCount), acknowledged: acknowledged, window: window)
      acknowledged = 0
    } while !connections[index].delivery.isEmpty
    return true
  }

  /// One event for everything acknowledged since the last.
  @inline(__always)
  private mutating func deliverSent<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, _ handle: Handle, _ cookie: UInt64, into events: inout Events
  ) -> Bool {
    let byteCount = connections[index].release.unreportedByteCount
    guard byteCount > 0 else { return true }
    guard events.roomCount > 0 else { return false }
    connections[index].release.unreportedByteCount = 0
    events.sent(
      handle, cookie: cookie, byteCount: Int(byteCount),
      window: Int(connections[index].suggestedByteCount(resources: resources)))
    return true
  }

  private mutating func deliverEnd<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, _ handle: Handle, _ cookie: UInt64, into events: inout Events
  ) -> Bool {
    // In CLOSED the application gets its memory back only when the device has finished with it.
    guard connections[index].flags.contains(.deadDue),
      connections[index].state == .timeWait || connections[index].sendQueue.isEmpty
    else { return true }
    guard events.roomCount > 0 else { return false }
    let wasAttempt = connections[index].flags.contains(.attempting)
    connections[index].flags.remove(.deadDue | .owned | .attempting)
    connections[index].flags.insert(.abandoned)
    if wasAttempt {
      events.connected(handle, cookie: cookie, reason: connections[index].reason)
    } else {
      events.dead(handle, cookie: cookie, reason: connections[index].reason)
    }
    return true
  }

  func handle(of index: UInt32) -> Handle {
    Handle(
      index: index, flowGroup: connections[index].flowGroup,
      generation: connections[index].generation)
  }
}

extension Connection {
  /// How many more bytes can be sent without waiting. Never zero when nothing is queued, as no
  /// further event would come.
  func suggestedByteCount(resources: borrowing Resources) -> UInt32 {
    guard sendQueue.elementCount < resources.configuration.sendElementLimit else { return 0 }
    let limit = min(send.window, control.window)
    let queued = send.next.distance(from: send.unacknowledged) &+ sendQueue.unsentByteCount
    if queued == 0 { return max(limit, send.maximumSegment) }
    return limit > queued ? limit &- queued : 0
  }
}
