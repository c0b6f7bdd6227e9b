import Packets

/// A FIFO of connection indices. As each connection is listed at most once, a ring of as many places
/// as there are connections never overflows.
struct IndexQueue: ~Copyable {
  private var ring: Table<UInt32>
  private let mask: UInt32
  private var first: UInt32 = 0
  private var end: UInt32 = 0

  init?(capacity: Int, arena: inout Arena) {
    var placeCount = 16
    while placeCount < capacity { placeCount &*= 2 }
    guard let ring = arena.carve(count: placeCount, repeating: 0 as UInt32) else { return nil }
    self.ring = ring
    mask = UInt32(truncatingIfNeeded: placeCount &- 1)
  }

  @inline(__always)
  var count: UInt32 { end &- first }

  @inline(__always)
  mutating func append(_ index: UInt32) {
    ring[end & mask] = index
    end &+= 1
  }

  @inline(__always)
  mutating func pop() -> UInt32? {
    guard first != end else { return nil }
    let index = ring[first & mask]
    first &+= 1
    return index
  }
}
