import Wire

/// SipHash-1-3: without the seed nobody can choose keys that fall into one bucket.
struct KeyHash: BitwiseCopyable {
  private let initial: SipHash

  init(seed: (UInt64, UInt64)) { initial = SipHash(key: seed) }

  @inline(__always)
  func callAsFunction(_ bytes: RawSpan) -> UInt32 {
    var state = initial
    let count = bytes.byteCount
    var offset = 0
    while count &- offset >= 8 {
      state.absorb(bytes.uncheckedWord(at: offset), rounds: 1)
      offset &+= 8
    }
    let length = UInt64(truncatingIfNeeded: count) &<< 56
    let last = offset < count ? bytes.word(at: offset) | length : length
    state.absorb(last, rounds: 1)
    return UInt32(truncatingIfNeeded: state.finish(rounds: 3))
  }
}
