import Packets
import Wire

/// How many half-open connections there are, in all and by peer. Peers are counted in buckets
/// chosen by a keyed hash: two that share one only get a cookie a little earlier.
struct HalfOpenCount: ~Copyable {
  private var buckets: Table<UInt16>
  private(set) var total = 0

  /// Nil when the arena is too small.
  init?(arena: inout Arena) {
    guard let buckets = arena.carve(count: 256, repeating: 0 as UInt16) else { return nil }
    self.buckets = buckets
  }

  /// Of the bucket that `key`, a hash of the peer's address, selects.
  func count(_ key: UInt32) -> Int { Int(buckets[key & 255]) }

  mutating func add(_ key: UInt32) {
    total &+= 1
    buckets[key & 255] &+= 1
  }

  mutating func remove(_ key: UInt32) {
    total &-= 1
    buckets[key & 255] &-= 1
  }
}
