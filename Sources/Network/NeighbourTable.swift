import Packets
import Wire

/// Which link address each neighbour has (RFC 826; ageing as RFC 1122, section 2.3.2.1, asks).
///
/// Every question is answered from state alone: no timer and no packet belongs to the table. Who
/// asks sends what the answer calls for, and asks again in the next cycle. The table has sets of
/// eight entries; an entry in use only yields to one that we need ourselves, so a flood of strangers
/// displaces strangers. The gateway never yields.
package struct NeighbourTable: ~Copyable {
  /// A confirmed link address is used without question for this long.
  package static var freshInterval: Interval { .seconds(60) }
  /// Between two requests for the same neighbour; RFC 1122 allows no more than one per second.
  package static var requestInterval: Interval { .seconds(1) }
  package static var requestLimit: UInt8 { 3 }
  /// For how long a neighbour that did not answer is not asked for again.
  package static var unreachableInterval: Interval { .seconds(5) }
  /// A confirmed link address is not replaced by another for this long.
  package static var lockInterval: Interval { .seconds(1) }
  static var wayCount: Int { 8 }

  var entries: Table<Neighbour>
  let setMask: UInt32
  /// Never displaced.
  let gateway: IPv4Address
  /// Answers to the latest questions, each in the place that the address's low bits name.
  private var latest: Table<Latest>

  private struct Latest: BitwiseCopyable {
    var address = IPv4Address.any
    var hardware = MACAddress(0)
    /// Good until then.
    var until = Instant(nanoseconds: 0)
  }

  private static var latestCount: Int { 64 }

  /// Room for 8 neighbours in each of `setCount` sets, a power of two; nil when the arena is too
  /// small.
  package init?(setCount: Int, gateway: IPv4Address?, arena: inout Arena) {
    precondition(setCount > 0 && setCount & (setCount - 1) == 0, "not a power of two")
    guard let entries = arena.carve(count: setCount * Self.wayCount, repeating: Neighbour()),
      let latest = arena.carve(count: Self.latestCount, repeating: Latest())
    else { return nil }
    self.entries = entries
    self.latest = latest
    setMask = UInt32(truncatingIfNeeded: setCount - 1)
    self.gateway = gateway ?? .any
  }

  /// How a frame for the neighbour `address` can be sent now.
  @inline(__always)
  package mutating func lookup(_ address: IPv4Address, at now: Instant) -> NeighbourAnswer {
    if let hardware = latest(address, at: now) { return .resolved(hardware) }
    return lookupInTable(address, at: now)
  }

  /// The link address of a neighbour that was looked up lately, if it is still good.
  @inline(__always)
  package func latest(_ address: IPv4Address, at now: Instant) -> MACAddress? {
    let place = Self.place(of: address)
    guard latest[place].address == address, now < latest[place].until else { return nil }
    return latest[place].hardware
  }

  @inline(__always)
  private static func place(of address: IPv4Address) -> UInt32 {
    address.rawValue & UInt32(latestCount - 1)
  }

  private mutating func lookupInTable(
    _ address: IPv4Address, at now: Instant
  ) -> NeighbourAnswer {
    guard let index = index(of: address) ?? claim(for: address, weNeedIt: true, at: now) else {
      return .unreachable
    }
    let answer = entries[index].use(at: now)
    if case .resolved(let hardware) = answer, entries[index].state == .reachable {
      // Not for long: `lastUse` decides who is displaced and must not fall far behind.
      latest[Self.place(of: address)] = Latest(
        address: address, hardware: hardware,
        until: min(
          now + Self.requestInterval, entries[index].lastConfirmation + Self.freshInterval))
    }
    return answer
  }

  func index(of address: IPv4Address) -> Int? {
    let first = firstWay(of: address)
    for index in first..<(first &+ Self.wayCount)
    where entries[index].state != .free && entries[index].address == address {
      return index
    }
    return nil
  }

  /// Consecutive addresses, the usual case, fall into different sets.
  private func firstWay(of address: IPv4Address) -> Int {
    let set = (address.rawValue ^ address.rawValue &>> 7) & setMask
    return Int(truncatingIfNeeded: set) &* Self.wayCount
  }

  /// An entry for a new neighbour, in the place of the one that is needed least; nil when all are
  /// needed more.
  mutating func claim(for address: IPv4Address, weNeedIt: Bool, at now: Instant) -> Int? {
    let first = firstWay(of: address)
    var victim: Int?
    var lowest = weNeedIt ? Neighbour.Worth.gateway : .pending
    for index in first..<(first &+ Self.wayCount) {
      let worth = entries[index].worth(at: now, gateway: gateway)
      guard worth < lowest || isOlder(index, than: victim, at: worth, lowest) else { continue }
      lowest = worth
      victim = index
    }
    guard let victim else { return nil }
    entries[victim] = Neighbour(address: address)
    forgetCache()
    return victim
  }

  private func isOlder(
    _ index: Int, than victim: Int?, at worth: Neighbour.Worth, _ lowest: Neighbour.Worth
  ) -> Bool {
    guard let victim, worth == lowest else { return false }
    return entries[index].lastUse < entries[victim].lastUse
  }

  mutating func forgetCache() {
    for place in 0..<Self.latestCount { latest[place].until = Instant(nanoseconds: 0) }
  }
}

/// What to do with a frame for a neighbour.
package enum NeighbourAnswer: Equatable, BitwiseCopyable, Sendable {
  case resolved(MACAddress)
  /// Send it, and ask this address whether it is still right (RFC 1122, 2.3.2.1 (2): unicast poll).
  case questionable(MACAddress)
  /// Ask everybody, and come back later.
  case ask
  /// Somebody has been asked: come back later.
  case pending
  /// Nobody answered.
  case unreachable
}
