import Packets
import Wire

// Connections that go to another core: the side that loses them.

extension Endpoint {
  /// Takes all connections of `leaving`, which are at rest, out of every table and list. Their
  /// timers stop here; their deadlines travel with them.
  package mutating func detach(_ leaving: FlowGroupSet) -> ConnectionChain {
    var chain = ConnectionChain()
    var rest = leaving
    while let group = rest.popFirst() {
      while groups.first(of: group) != PacketPool.none {
        let index = groups.first(of: group)
        detach(index, from: group)
        connections[index].nextFree = chain.head
        chain.head = index
        chain.count &+= 1
      }
    }
    return chain
  }

  private mutating func detach(_ index: UInt32, from group: UInt16) {
    precondition(connections[index].mayTravel, "a connection leaves something behind")
    table.remove(index, flow: connections[index].flow)
    groups.remove(index, from: group)
    wheel.cancel(index)
    timeWaits.remove(index)
    // The flags that say where it is counted travel: the other core counts it likewise.
    let flags = connections[index].flags
    endPending(index)
    endCounting(index)
    connections[index].flags = flags
  }

  /// What is to be sent next.
  package func item(
    at position: inout TravelPosition, pool: borrowing PacketPool
  ) -> TravelItem? {
    while !position.isAtEnd {
      let index = position.connection
      guard let buffer = position.text else {
        position.text = connections[index].delivery.head
        position.isInOrder = true
        return .connection(traveller(index))
      }
      if buffer != PacketPool.none {
        position.text = pool[buffer].next
        return .text(
          TravellingText(buffer, isInOrder: position.isInOrder, pool: pool), buffer: buffer)
      }
      if position.isInOrder {
        position.isInOrder = false
        position.text = connections[index].reassembly.head
      } else {
        position.connection = connections[index].nextFree
        position.text = nil
      }
    }
    return nil
  }

  private func traveller(_ index: UInt32) -> Traveller {
    let head = connections[index].scoreboard.head
    let segment = head == PacketPool.none ? SentSegment() : resources.segments[head]
    return Traveller(
      connection: connections.address(of: index), hasFIN: head != PacketPool.none,
      sequence: segment.sequence, sentAt: segment.sentAt, flags: segment.flags)
  }

  /// The other core has read everything: the places are free again. Text was released as it was
  /// read.
  package mutating func freeDeparted(_ chain: ConnectionChain) {
    var index = chain.head
    while index != PacketPool.none {
      let next = connections[index].nextFree
      connections[index].scoreboard.removeAll(segments: &resources.segments)
      free(index)
      index = next
    }
  }
}

extension TravellingText {
  fileprivate init(_ buffer: UInt32, isInOrder: Bool, pool: borrowing PacketPool) {
    let metadata = pool[buffer]
    address = pool.address(of: buffer)
    sequence = metadata.sequence
    payloadOffset = metadata.payloadOffset
    payloadByteCount = metadata.payloadByteCount
    flags = metadata.flags
    self.isInOrder = isInOrder
  }
}
