import Packets
import Wire

extension NeighbourTable {
  /// What a neighbour's ARP packet changed.
  package enum Lesson: Equatable, BitwiseCopyable, Sendable {
    /// An entry was confirmed, changed or made.
    case learned
    /// Nothing we asked for, nobody we know.
    case unsolicited
    /// Another link address for a neighbour that confirmed its own just now.
    case contradicted
    /// There is no room for strangers.
    case full
  }

  /// A neighbour said which link address is its own. Only a request addressed to us may bring a
  /// stranger in; otherwise we believe what we asked for and what updates what we know (RFC 826,
  /// "Packet Reception").
  package mutating func learn(
    _ address: IPv4Address, at hardware: MACAddress, addressedToUs: Bool, now: Instant
  ) -> Lesson {
    guard let index = index(of: address) else {
      guard addressedToUs else { return .unsolicited }
      guard let index = claim(for: address, weNeedIt: false, at: now) else { return .full }
      entries[index].confirm(hardware, at: now)
      return .learned
    }
    let entry = entries[index]
    if entry.state == .reachable, entry.hardware != hardware,
      now.since(entry.lastConfirmation) < Self.lockInterval
    {
      return .contradicted
    }
    entries[index].confirm(hardware, at: now)
    forgetCache()
    return .learned
  }
}
