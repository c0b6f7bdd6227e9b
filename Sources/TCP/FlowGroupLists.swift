import Packets

/// The connections of each flow group, so that those of one can be found without looking at all:
/// 8 bytes a connection, touched when it begins and ends.
struct FlowGroupLists: ~Copyable {
  private struct Link: BitwiseCopyable {
    var previous = PacketPool.none
    var next = PacketPool.none
  }

  private var links: Table<Link>
  private var heads: Table<UInt32>
  private var counts: Table<UInt32>

  /// Room for `capacity` connections; nil when the arena is too small.
  init?(capacity: Int, arena: inout Arena) {
    guard let links = arena.carve(count: capacity, repeating: Link()),
      let heads = arena.carve(count: FlowSteering.groupCount, repeating: PacketPool.none),
      let counts = arena.carve(count: FlowSteering.groupCount, repeating: 0 as UInt32)
    else { return nil }
    self.links = links
    self.heads = heads
    self.counts = counts
  }

  /// `PacketPool.none` when the group has no connection.
  func first(of group: UInt16) -> UInt32 { heads[Int(group)] }
  /// How many connections the group has.
  func count(of group: UInt16) -> Int { Int(counts[Int(group)]) }
  /// `PacketPool.none` behind the last.
  func next(after index: UInt32) -> UInt32 { links[index].next }

  /// Adds a connection that is in no list, as the first.
  mutating func insert(_ index: UInt32, in group: UInt16) {
    let head = heads[Int(group)]
    links[index] = Link(next: head)
    if head != PacketPool.none { links[head].previous = index }
    heads[Int(group)] = index
    counts[Int(group)] &+= 1
  }

  /// Takes a connection out of its list.
  mutating func remove(_ index: UInt32, from group: UInt16) {
    let link = links[index]
    if link.previous == PacketPool.none {
      heads[Int(group)] = link.next
    } else {
      links[link.previous].next = link.next
    }
    if link.next != PacketPool.none { links[link.next].previous = link.previous }
    links[index] = Link()
    counts[Int(group)] &-= 1
  }

  mutating func moveToFront(_ index: UInt32, of group: UInt16) {
    guard heads[Int(group)] != index else { return }
    remove(index, from: group)
    insert(index, in: group)
  }
}
