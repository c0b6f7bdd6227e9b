import Packets

/// The connections in TIME-WAIT, oldest first, so that their slots can be had early when there are
/// no others.
struct TimeWaitList: ~Copyable {
  private struct Link: BitwiseCopyable {
    var previous = PacketPool.none
    var next = PacketPool.none
    var isListed = false
  }

  private var links: Table<Link>
  private(set) var oldest = PacketPool.none
  private var newest = PacketPool.none

  /// Room for `capacity` connections; nil when the arena is too small.
  init?(capacity: Int, arena: inout Arena) {
    guard let links = arena.carve(count: capacity, repeating: Link()) else { return nil }
    self.links = links
  }

  mutating func append(_ index: UInt32) {
    guard !links[index].isListed else { return }
    links[index] = Link(previous: newest, isListed: true)
    if newest == PacketPool.none { oldest = index } else { links[newest].next = index }
    newest = index
  }

  /// Does nothing for a connection that is not in the list.
  mutating func remove(_ index: UInt32) {
    let link = links[index]
    guard link.isListed else { return }
    if link.previous == PacketPool.none {
      oldest = link.next
    } else {
      links[link.previous].next = link.next
    }
    if link.next == PacketPool.none {
      newest = link.previous
    } else {
      links[link.next].previous = link.previous
    }
    links[index] = Link()
  }
}
