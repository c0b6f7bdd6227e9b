import IXABI
import Packets
import Wire

// How connections leave for another core, up to the moment when they go.
//
// A flow group goes as a whole, when none of its connections holds anything that only this core can
// give back: bytes the peer has not acknowledged, which lie in memory of this core's application,
// and received buffers lent to it. This is waited for and not transferred, because the memory is
// the application's own on this core: nothing is copied, and whoever owns memory is told as always.
// The application is asked connection by connection (`leaving`) and answers by `leave`; from then
// on nobody owns the connection until it is accepted on the other core. Until then TCP goes on here
// as ever, but received data is kept for the other core, so that even a connection that is never
// idle comes to rest within a round trip. Where the application is not asked, refuses, or takes too
// long, `callOff` gives every connection back to it.

extension Endpoint {
  /// The first groups of `wanted`: as many as have `limit` connections together, at least one.
  package func slice(of wanted: FlowGroupSet, connectionLimit limit: Int) -> FlowGroupSet {
    var slice = FlowGroupSet()
    var count = 0
    var rest = wanted
    while let group = rest.popFirst() {
      count &+= groups.count(of: group)
      if count > limit, !slice.isEmpty { break }
      slice.insert(group)
    }
    return slice
  }

  /// Asks the owners of all connections of `wanted` to let them go; connections that begin later
  /// are asked by `groupsAtRest`.
  package mutating func ask(_ wanted: FlowGroupSet) {
    var rest = wanted
    while let group = rest.popFirst() {
      var index = groups.first(of: group)
      while index != PacketPool.none {
        ask(index)
        index = groups.next(after: index)
      }
    }
  }

  private mutating func ask(_ index: UInt32) {
    guard connections[index].flags.contains(.owned),
      !connections[index].flags.intersects(.leaveDue | .leaving | .deadDue)
    else { return }
    connections[index].flags.insert(.leaveDue)
    listForEvents(index)
  }

  /// Those of `wanted` that may go now, and how many connections they have. A connection that keeps
  /// its group here is looked at first the next time.
  package mutating func groupsAtRest(of wanted: FlowGroupSet) -> (
    groups: FlowGroupSet, connectionCount: Int
  ) {
    var result = FlowGroupSet()
    var connectionCount = 0
    var rest = wanted
    while let group = rest.popFirst() {
      guard let count = connectionCountAtRest(in: group) else { continue }
      result.insert(group)
      connectionCount &+= count
    }
    return (result, connectionCount)
  }

  /// Nil when a connection must not go yet.
  private mutating func connectionCountAtRest(in group: UInt16) -> Int? {
    var count = 0
    var index = groups.first(of: group)
    while index != PacketPool.none {
      guard connections[index].mayTravel else {
        groups.moveToFront(index, of: group)
        ask(index)
        return nil
      }
      count &+= 1
      index = groups.next(after: index)
    }
    return count
  }

  /// Whether a connection with rare events is being asked, or is to be.
  func isLeaving(_ index: UInt32, _ mayAsk: Bool) -> Bool {
    guard !connections[index].flags.contains(.deadDue) else { return false }
    return connections[index].flags.contains(.leaving)
      || mayAsk && connections[index].flags.contains(.leaveDue)
  }

  /// Asks the owner, once; false when there is no room for the question.
  mutating func askToLeave<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, _ handle: Handle, _ cookie: UInt64, into events: inout Events
  ) -> Bool {
    guard connections[index].flags.contains(.leaveDue) else { return true }
    guard events.roomCount > 0 else { return false }
    connections[index].flags.remove(.leaveDue)
    connections[index].flags.insert(.leaving)
    events.leaving(handle, cookie: cookie)
    return true
  }

  /// The owner lets the connection go: the handle is dead, and `cookie` is what `arrived` will say.
  /// `.wrongState` when it was not asked, or not any more; `.noResources` while it still holds
  /// received buffers, or the peer has not acknowledged everything.
  package mutating func leave(
    _ handle: Handle, cookie: UInt64, pool: borrowing PacketPool
  ) -> Status {
    guard let index = findOwned(handle) else { return .staleHandle }
    guard connections[index].flags.contains(.leaving),
      !connections[index].flags.contains(.deadDue)
    else { return .wrongState }
    guard connections[index].hasNothingOfOwner(pool: pool) else { return .noResources }
    connections[index].flags.remove(.owned | .leaving)
    connections[index].flags.insert(.travels)
    connections[index].cookie = cookie
    return .ok
  }

  /// The connections of `groups` stay after all. Whoever has let one go is told that it has
  /// arrived.
  package mutating func callOff(_ stayed: FlowGroupSet) {
    var rest = stayed
    while let group = rest.popFirst() {
      var index = groups.first(of: group)
      while index != PacketPool.none {
        stay(index)
        index = groups.next(after: index)
      }
    }
  }

  private mutating func stay(_ index: UInt32) {
    if connections[index].flags.contains(.travels) {
      connections[index].flags.insert(.arrivalDue)
      listForEvents(index)
    } else if connections[index].flags.intersects(.leaveDue | .leaving) {
      // What was kept back is delivered.
      listForEvents(index)
    }
    connections[index].flags.remove(.leaveDue | .leaving | .travels)
  }
}

extension Connection {
  /// Nothing about the connection is bound to this core. A FIN may be on its way.
  var mayTravel: Bool {
    let bound: ConnectionFlags =
      .owned | .knocked | .arrived | .listedForDevice | .listedForOutput | .listedForEvents
    guard !flags.intersects(bound), sendQueue.isEmpty, release.byteCount == 0, !hasUnsent else {
      return false
    }
    return scoreboard.count <= 1 && scoreboard.inFlightByteCount == 0
      && scoreboard.sackedByteCount == 0 && scoreboard.lostCount == 0
  }

  /// The owner holds no received buffer, and has got back everything it wanted sent.
  fileprivate func hasNothingOfOwner(pool: borrowing PacketPool) -> Bool {
    guard sendQueue.isEmpty, release.byteCount == 0, release.unreportedByteCount == 0,
      !flags.contains(.connectedDue)
    else { return false }
    return receive.heldBufferCount == delivery.bufferCount(pool: pool)
  }
}

extension BufferList {
  /// As many as a connection may hold at most.
  func bufferCount(pool: borrowing PacketPool) -> UInt32 {
    var count: UInt32 = 0
    var buffer = head
    while buffer != PacketPool.none {
      count &+= 1
      buffer = pool[buffer].next
    }
    return count
  }
}
