import Packets
import Wire

/// One entry of a `NeighbourTable`.
struct Neighbour: BitwiseCopyable {
  enum State: UInt8 {
    case free
    /// Asked for, not answered yet.
    case incomplete
    /// Confirmed, recently or not.
    case reachable
    /// Confirmed too long ago, in use, and asked again.
    case probing
    /// Asked for in vain.
    case unreachable
  }

  /// How much it costs to lose an entry.
  enum Worth: Int, Comparable {
    case nothing
    /// Nobody lives there.
    case unreachable
    /// A stranger who told us his address and whom we never answered, or not for long.
    case unused
    /// Just asked for, on our own behalf.
    case pending
    /// In use.
    case active
    case gateway

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  var address = IPv4Address.any
  var state = State.free
  /// Requests sent since the last confirmation.
  var requestCount: UInt8 = 0
  var hardware = MACAddress(0)
  var lastConfirmation = Instant(nanoseconds: 0)
  var lastRequest = Instant(nanoseconds: 0)
  /// When we last had something to send; zero when we never had.
  var lastUse = Instant(nanoseconds: 0)

  init() {}
  init(address: IPv4Address) { self.address = address }

  /// Somebody wants to send.
  mutating func use(at now: Instant) -> NeighbourAnswer {
    lastUse = now
    switch state {
    case .free: return request(at: now, state: .incomplete)
    case .incomplete:
      guard mayRequest(at: now) else { return .pending }
      if requestCount < NeighbourTable.requestLimit { return request(at: now, state: .incomplete) }
      state = .unreachable
      lastRequest = now
      return .unreachable
    case .reachable:
      guard now.since(lastConfirmation) >= NeighbourTable.freshInterval else {
        return .resolved(hardware)
      }
      requestCount = 0
      return request(at: now, state: .probing)
    case .probing:
      guard mayRequest(at: now) else { return .resolved(hardware) }
      if requestCount < NeighbourTable.requestLimit { return request(at: now, state: .probing) }
      requestCount = 0
      return request(at: now, state: .incomplete)
    case .unreachable:
      guard now.since(lastRequest) >= NeighbourTable.unreachableInterval else {
        return .unreachable
      }
      requestCount = 0
      return request(at: now, state: .incomplete)
    }
  }

  private func mayRequest(at now: Instant) -> Bool {
    now.since(lastRequest) >= NeighbourTable.requestInterval
  }

  private mutating func request(at now: Instant, state: State) -> NeighbourAnswer {
    self.state = state
    requestCount &+= 1
    lastRequest = now
    return state == .probing ? .questionable(hardware) : .ask
  }

  mutating func confirm(_ hardware: MACAddress, at now: Instant) {
    self.hardware = hardware
    state = .reachable
    requestCount = 0
    lastConfirmation = now
  }

  func worth(at now: Instant, gateway: IPv4Address) -> Worth {
    if state == .free { return .nothing }
    if address == gateway { return .gateway }
    switch state {
    case .free: return .nothing
    case .unreachable: return .unreachable
    case .incomplete: return .pending
    case .reachable, .probing:
      let isUnused = lastUse.nanoseconds == 0 || now.since(lastUse) >= NeighbourTable.freshInterval
      return isUnused ? .unused : .active
    }
  }
}
