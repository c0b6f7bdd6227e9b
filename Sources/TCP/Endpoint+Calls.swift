import IXABI
import Packets
import Wire

/// What `send` did.
package enum SendOutcome: BitwiseCopyable, Sendable, Equatable {
  /// So many bytes are queued; fewer than offered when the connection's queue is full.
  case taken(Int)
  case refused(Status)
}

/// What `connect` did.
package enum ConnectOutcome: BitwiseCopyable, Sendable, Equatable {
  /// `connected` will tell the outcome.
  case connecting(Handle)
  case refused(Status)
}

// The application's calls. Each checks the handle: the index, the generation, the flow group, and
// that the application owns the connection.
extension Endpoint {
  /// Knocks for connections to `port` are delivered from now on.
  package mutating func listen(port: UInt16) -> Status {
    guard port != 0 else { return .badArgument }
    guard !isListening(on: port) else { return .portInUse }
    listeners[UInt32(port) &>> 6] |= 1 &<< UInt64(port & 63)
    return .ok
  }

  /// Opens a connection from an ephemeral port.
  package mutating func connect(
    localAddress: IPv4Address, remoteAddress: IPv4Address, remotePort: UInt16, cookie: UInt64,
    now: Instant
  ) -> ConnectOutcome {
    guard remotePort != 0, remoteAddress != .any, !remoteAddress.isMulticast,
      !remoteAddress.isReserved
    else { return .refused(.badArgument) }
    let flow = Flow(
      localAddress: localAddress, remoteAddress: remoteAddress, localPort: 0,
      remotePort: remotePort)
    guard freeConnectionCount > 0, let flow = withEphemeralPort(flow),
      let index = allocateConnection()
    else { return .refused(.noResources) }
    connections[index].openActively(flow, cookie: cookie, now: now, resources: &resources)
    table.insert(index, flow: flow)
    groups.insert(index, in: connections[index].flowGroup)
    listForOutput(index)
    return .connecting(handle(of: index))
  }

  /// RFC 6056, section 3.3.3, with a bound on the search. Only ports whose replies come to this core
  /// are looked at: so cores share the ports to each destination, and none needs to ask another.
  private mutating func withEphemeralPort(_ flow: Flow) -> Flow? {
    let flows = resources.configuration.flows
    let hash = flows.hash(of: flow)
    let first = UInt32(resources.configuration.firstEphemeralPort)
    let count = 65_536 &- first
    let offset = resources.secrets.portOffset(for: flow)
    var candidate = flow
    for _ in 0..<(256 &* flows.coreCount) {
      portCounter &+= 1
      candidate.localPort = UInt16(
        truncatingIfNeeded: first &+ (offset &+ portCounter) % count)
      let candidateHash = flows.hash(hash, addingLocalPort: candidate.localPort)
      guard flows.isOurs(candidateHash),
        !expectedGroups.contains(FlowSteering.group(of: candidateHash))
      else { continue }
      if !isListening(on: candidate.localPort),
        table.find(candidate, in: connections) == nil
      {
        return candidate
      }
    }
    return nil
  }

  /// Takes a connection that knocked or arrived from another core; what has arrived meanwhile is
  /// delivered.
  package mutating func accept(_ handle: Handle, cookie: UInt64) -> Status {
    guard let index = find(handle), connections[index].flags.intersects(.knocked | .arrived) else {
      return .staleHandle
    }
    endPending(index)
    connections[index].flags.remove(.knocked | .arrived)
    connections[index].flags.insert(.owned)
    connections[index].cookie = cookie
    listForEvents(index)
    return .ok
  }

  /// Refuses a connection that knocked or arrived, by RST.
  package mutating func reject(_ handle: Handle, pool: inout PacketPool) -> Status {
    guard let index = find(handle), connections[index].flags.intersects(.knocked | .arrived) else {
      return .staleHandle
    }
    act(connections[index].end(.closed) | .reset, on: index, pool: &pool)
    return .ok
  }

  /// Sets one of a connection's options. Intervals are in milliseconds, at most 49 days.
  package mutating func configure(
    _ handle: Handle, _ option: ConnectionOption, value: UInt64, now: Instant,
    pool: inout PacketPool
  ) -> Status {
    guard let index = findOwned(handle) else { return .staleHandle }
    guard let value = UInt32(exactly: value) else { return .badArgument }
    switch option {
    case .coalescing:
      guard value <= 1 else { return .badArgument }
      connections[index].coalesce(value == 1)
      act(.output, on: index, pool: &pool)
    case .keepAlive:
      // Not so often that it is a load (RFC 9293, section 3.8.4).
      guard value == 0 || value >= 10 else { return .badArgument }
      act(connections[index].keepAlive(after: value, now: now), on: index, pool: &pool)
    case .userTimeout: connections[index].patience.userTimeout = value
    }
    return .ok
  }

  /// No more data from this side: a FIN follows what is queued.
  package mutating func shutdown(_ handle: Handle) -> Status {
    guard let index = findOwned(handle) else { return .staleHandle }
    switch connections[index].state {
    case .synSent, .synReceived, .established, .closeWait: break
    case .closed, .finWait1, .finWait2, .closing, .lastAck, .timeWait: return .wrongState
    }
    guard !connections[index].flags.contains(.finQueued) else { return .wrongState }
    connections[index].shutDown()
    listForOutput(index)
    return .ok
  }

  /// Gives the handle up; what is queued is sent, then a FIN. Received data that was not delivered
  /// is lost, which the peer learns by RST (RFC 9293, section 3.6.1, and RFC 2525, section 2.17).
  package mutating func close(
    _ handle: Handle, now: Instant, pool: inout PacketPool
  ) -> Status {
    guard let index = findOwned(handle) else { return .staleHandle }
    connections[index].flags.remove(
      .owned | .deadDue | .connectedDue | .peerClosedDue | .attempting)
    connections[index].flags.insert(.abandoned)
    switch connections[index].state {
    case .closed:
      connections[index].discardDelivery(pool: &pool)
      freeIfSpent(index)
    case .synSent: act(connections[index].end(.closed), on: index, pool: &pool)
    case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
      .timeWait:
      closeOrderly(index, now: now, pool: &pool)
    }
    return .ok
  }

  private mutating func closeOrderly(_ index: UInt32, now: Instant, pool: inout PacketPool) {
    guard connections[index].delivery.isEmpty else {
      act(connections[index].end(.closed) | .reset, on: index, pool: &pool)
      return
    }
    connections[index].shutDown()
    connections[index].waitInFinWait2(now: now, resources.configuration)
    act(.output, on: index, pool: &pool)
  }

  /// Gives the handle up and resets the connection.
  package mutating func abort(_ handle: Handle, pool: inout PacketPool) -> Status {
    guard let index = findOwned(handle) else { return .staleHandle }
    connections[index].flags.remove(
      .owned | .deadDue | .connectedDue | .peerClosedDue | .attempting)
    connections[index].flags.insert(.abandoned)
    switch connections[index].state {
    case .closed:
      connections[index].discardDelivery(pool: &pool)
      freeIfSpent(index)
    case .timeWait: connections[index].discardDelivery(pool: &pool)
    case .synSent: act(connections[index].end(.closed), on: index, pool: &pool)
    case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
      act(connections[index].end(.closed) | .reset, on: index, pool: &pool)
    }
    return .ok
  }

  /// The connection that `handle` names, nil when it is stale or forged.
  @inline(__always)
  func find(_ handle: Handle) -> UInt32? {
    let index = handle.index
    guard Int(index) < connections.count,
      connections[index].generation == handle.generation,
      connections[index].flowGroup == handle.flowGroup
    else { return nil }
    return index
  }

  @inline(__always)
  func findOwned(_ handle: Handle) -> UInt32? {
    guard let index = find(handle), connections[index].flags.contains(.owned) else { return nil }
    return index
  }
}
