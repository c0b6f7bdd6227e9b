import Packets

/// Finds the connection of a flow: open addressing with linear probing, at most half full, so that
/// a look-up costs the same from one connection to a million.
///
/// The hash is keyed: a peer that does not know the key cannot make flows collide.
struct ConnectionTable: ~Copyable {
  /// Empty when `connection` is `none`.
  private struct Slot: BitwiseCopyable {
    var tag: UInt32 = 0
    var connection = PacketPool.none
  }

  private var slots: Table<Slot>
  private let mask: UInt32
  private let key: (UInt64, UInt64)
  private(set) var count = 0

  /// Room for `capacity` connections; nil when the arena is too small.
  init?(capacity: Int, key: (UInt64, UInt64), arena: inout Arena) {
    var slotCount = 16
    while slotCount < capacity &* 2 { slotCount &*= 2 }
    guard let slots = arena.carve(count: slotCount, repeating: Slot()) else { return nil }
    self.slots = slots
    mask = UInt32(truncatingIfNeeded: slotCount &- 1)
    self.key = key
  }

  /// The connection of `flow`, nil when there is none.
  @inline(__always)
  func find<Control>(
    _ flow: Flow, in connections: borrowing Table<Connection<Control>>
  ) -> UInt32? {
    let tag = hash(flow)
    var position = tag & mask
    while slots[position].connection != PacketPool.none {
      let slot = slots[position]
      if slot.tag == tag, connections[slot.connection].flow == flow { return slot.connection }
      position = (position &+ 1) & mask
    }
    return nil
  }

  /// How many places `find` looks at until it has found the flow, or knows that it is not there.
  func probeCount(of flow: Flow) -> Int {
    let tag = hash(flow)
    var position = tag & mask
    var count = 1
    while slots[position].connection != PacketPool.none, slots[position].tag != tag {
      position = (position &+ 1) & mask
      count &+= 1
    }
    return count
  }

  /// Adds a connection whose flow is not in the table yet.
  mutating func insert(_ connection: UInt32, flow: Flow) {
    let tag = hash(flow)
    var position = tag & mask
    while slots[position].connection != PacketPool.none { position = (position &+ 1) & mask }
    slots[position] = Slot(tag: tag, connection: connection)
    count &+= 1
  }

  /// Removes a connection, moving later slots of the same run back so that no marker stays behind
  /// (Knuth, volume 3, section 6.4, algorithm R).
  mutating func remove(_ connection: UInt32, flow: Flow) {
    var hole = hash(flow) & mask
    while slots[hole].connection != connection {
      guard slots[hole].connection != PacketPool.none else { return }
      hole = (hole &+ 1) & mask
    }
    count &-= 1
    var position = (hole &+ 1) & mask
    while slots[position].connection != PacketPool.none {
      let home = slots[position].tag & mask
      if (position &- home) & mask >= (position &- hole) & mask {
        slots[hole] = slots[position]
        hole = position
      }
      position = (position &+ 1) & mask
    }
    slots[hole] = Slot()
  }

  /// Two multiply-and-fold rounds: the high and low halves of a 128-bit product, keyed before each.
  @inline(__always)
  private func hash(_ flow: Flow) -> UInt32 {
    let first = folded(flow.addresses ^ key.0, 0x9E37_79B9_7F4A_7C15 ^ UInt64(flow.ports))
    let second = folded(first ^ key.1, key.0 | 1)
    return UInt32(truncatingIfNeeded: second ^ (second &>> 32))
  }

  @inline(__always)
  private func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
