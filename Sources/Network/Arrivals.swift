import Packets
import TCP

/// Flow groups on their way to this core, and the packets that must wait for them.
struct Arrivals: ~Copyable {
  /// What one core has announced.
  struct Expectation: BitwiseCopyable {
    var groups = FlowGroupSet()
    var reserved = ConnectionChain()
    var chain = ConnectionChain()
  }

  /// A packet in a buffer of this core's.
  struct HeldPacket: BitwiseCopyable {
    let packet: ReceivedPacket
    let buffer: UInt32
    let group: UInt16
    /// Passed on by the former owner: older than those that came straight here.
    let isPassedOn: Bool
  }

  /// By the core they come from.
  var expectations: Table<Expectation>
  private var held: Table<HeldPacket>
  private(set) var heldCount = 0
  /// All groups that are expected.
  private(set) var groups = FlowGroupSet()

  private static var heldLimit: Int { 256 }

  /// `coreCount` is zero where there is no other core. Nil when the arena is too small.
  init?(coreCount: Int, arena: inout Arena) {
    let nothing = HeldPacket(
      packet: .none, buffer: PacketPool.none, group: 0, isPassedOn: false)
    guard let expectations = arena.carve(count: coreCount, repeating: Expectation()),
      let held = arena.carve(count: coreCount > 0 ? Self.heldLimit : 0, repeating: nothing)
    else { return nil }
    self.expectations = expectations
    self.held = held
  }

  /// To be called when an expectation has changed.
  mutating func updateGroups() {
    groups = FlowGroupSet()
    for core in 0..<expectations.count { groups.formUnion(expectations[core].groups) }
  }

  /// False when there is no room.
  mutating func hold(_ packet: HeldPacket) -> Bool {
    guard heldCount < held.count else { return false }
    held[heldCount] = packet
    heldCount &+= 1
    return true
  }

  /// Takes out the oldest packet of `groups`, those that were passed on before the others.
  mutating func removeOldest(of groups: FlowGroupSet) -> HeldPacket? {
    var found: Int?
    for index in 0..<heldCount where groups.contains(held[index].group) {
      if found == nil || held[index].isPassedOn { found = index }
      if held[index].isPassedOn { break }
    }
    guard let found else { return nil }
    let packet = held[found]
    heldCount &-= 1
    for index in found..<heldCount { held[index] = held[index &+ 1] }
    return packet
  }
}
