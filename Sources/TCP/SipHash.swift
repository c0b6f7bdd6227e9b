/// SipHash-2-4 of messages of whole 64-bit words (Aumasson and Bernstein, 2012): a keyed function
/// whose outputs tell nothing about the key or each other.
struct SipHash: BitwiseCopyable {
  private let key0: UInt64
  private let key1: UInt64

  init(key: (UInt64, UInt64)) { (key0, key1) = key }

  /// The hash of three words, the third holding fewer than eight bytes of message and, in its top
  /// byte, nothing.
  func hash(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
    var state = State(key0, key1)
    state.absorb(a)
    state.absorb(b)
    state.absorb(c)
    state.absorb(24 &<< 56)
    return state.finish()
  }

  /// The hash of exactly 15 bytes, `b` holding the last seven: the reference test vector's length.
  func hashOf15Bytes(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var state = State(key0, key1)
    state.absorb(a)
    state.absorb(b | 15 &<< 56)
    return state.finish()
  }

  private struct State {
    var v0, v1, v2, v3: UInt64

    init(_ key0: UInt64, _ key1: UInt64) {
      v0 = key0 ^ 0x736f_6d65_7073_6575
      v1 = key1 ^ 0x646f_7261_6e64_6f6d
      v2 = key0 ^ 0x6c79_6765_6e65_7261
      v3 = key1 ^ 0x7465_6462_7974_6573
    }

    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xFF
      for _ in 0..<4 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
      v0 &+= v1
      v1 = rotated(v1, 13) ^ v0
      v0 = rotated(v0, 32)
      v2 &+= v3
      v3 = rotated(v3, 16) ^ v2
      v0 &+= v3
      v3 = rotated(v3, 21) ^ v0
      v2 &+= v1
      v1 = rotated(v1, 17) ^ v2
      v2 = rotated(v2, 32)
    }

    @inline(__always)
    private func rotated(_ x: UInt64, _ count: UInt64) -> UInt64 {
      x &<< count | x &>> (64 &- count)
    }
  }
}
