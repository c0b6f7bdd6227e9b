import Packets
import Wire

/// How many connections of some kind there are, in all and by peer. Peers are counted in buckets
/// chosen by a keyed hash: two that share one only reach a limit a little earlier.
struct SourceCount: ~Copyable {
  private var buckets: Table<UInt32>
  private let mask: UInt32
  private(set) var total = 0

  /// `bucketCount` is a power of two. Nil when the arena is too small.
  init?(bucketCount: Int, arena: inout Arena) {
    guard let buckets = arena.carve(count: bucketCount, repeating: 0 as UInt32) else { return nil }
    self.buckets = buckets
    mask = UInt32(truncatingIfNeeded: bucketCount &- 1)
  }

  /// Of the bucket that `key`, a hash of the peer's address, selects.
  func count(_ key: UInt32) -> Int { Int(buckets[key & mask]) }

  mutating func add(_ key: UInt32) {
    total &+= 1
    buckets[key & mask] &+= 1
  }

  mutating func remove(_ key: UInt32) {
    total &-= 1
    buckets[key & mask] &-= 1
  }
}
