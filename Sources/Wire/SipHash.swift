/// SipHash (Aumasson and Bernstein, 2012) of a message that is taken in word by word: a keyed function
/// whose outputs tell nothing about the key or each other.
///
/// SipHash-c-d has c rounds for each word and d at the end. SipHash-2-4 is the conservative choice of its
/// authors; SipHash-1-3 is enough where nobody sees the output, as in hash tables.
package struct SipHash: BitwiseCopyable {
  private var v0, v1, v2, v3: UInt64

  @inline(__always)
  package init(key: (UInt64, UInt64)) {
    v0 = key.0 ^ 0x736f_6d65_7073_6575
    v1 = key.1 ^ 0x646f_7261_6e64_6f6d
    v2 = key.0 ^ 0x6c79_6765_6e65_7261
    v3 = key.1 ^ 0x7465_6462_7974_6573
  }

  /// Takes in eight bytes of the message, the first one lowest. The last word holds what is left, fewer
  /// than eight bytes, and in its top byte the message's byte count modulo 256.
  @inline(__always)
  package mutating func absorb(_ word: UInt64, rounds: Int) {
    v3 ^= word
    for _ in 0..<rounds { round() }
    v0 ^= word
  }

  /// The hash of what was taken in.
  @inline(__always)
  package mutating func finish(rounds: Int) -> UInt64 {
    v2 ^= 0xFF
    for _ in 0..<rounds { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }

  /// SipHash-2-4 of a message of three words, with nothing taken in before.
  package func hash(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
    var state = self
    state.absorb(a, rounds: 2)
    state.absorb(b, rounds: 2)
    state.absorb(c, rounds: 2)
    state.absorb(24 &<< 56, rounds: 2)
    return state.finish(rounds: 4)
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v1 = Self.rotated(v1, 13) ^ v0
    v0 = Self.rotated(v0, 32)
    v2 &+= v3
    v3 = Self.rotated(v3, 16) ^ v2
    v0 &+= v3
    v3 = Self.rotated(v3, 21) ^ v0
    v2 &+= v1
    v1 = Self.rotated(v1, 17) ^ v2
    v2 = Self.rotated(v2, 32)
  }

  @inline(__always)
  private static func rotated(_ x: UInt64, _ count: UInt64) -> UInt64 {
    x &<< count | x &>> (64 &- count)
  }
}
