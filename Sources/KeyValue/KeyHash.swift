/// SipHash-1-3 (Aumasson and Bernstein, 2012): without the key nobody can choose keys that fall
/// into one bucket.
struct KeyHash: BitwiseCopyable {
  private let key0: UInt64
  private let key1: UInt64

  init(seed: (UInt64, UInt64)) { (key0, key1) = seed }

  @inline(__always)
  func callAsFunction(_ bytes: RawSpan) -> UInt32 {
    var state = State(key0, key1)
    let count = bytes.byteCount
    var offset = 0
    while count &- offset >= 8 {
      state.absorb(bytes.word(at: offset))
      offset &+= 8
    }
    let length = UInt64(truncatingIfNeeded: count) &<< 56
    let last = offset < count ? bytes.word(at: offset) | length : length
    state.absorb(last)
    return UInt32(truncatingIfNeeded: state.finish())
  }

  private struct State {
    private var v0, v1, v2, v3: UInt64

    @inline(__always)
    init(_ key0: UInt64, _ key1: UInt64) {
      v0 = key0 ^ 0x736f_6d65_7073_6575
      v1 = key1 ^ 0x646f_7261_6e64_6f6d
      v2 = key0 ^ 0x6c79_6765_6e65_7261
      v3 = key1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      v0 ^= word
    }

    @inline(__always)
    mutating func finish() -> UInt64 {
      v2 ^= 0xFF
      round()
      round()
      round()
      return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
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
