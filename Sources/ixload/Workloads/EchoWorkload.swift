/// A message, and the same bytes back.
struct EchoWorkload: Workload {
  private let sizes: ClosedRange<Int>
  /// Bytes with a prime period, long enough to take any message from it without wrapping.
  private let pattern: [UInt8]
  private var random: SplitMix64
  private static let period = 65_521

  init(sizes: ClosedRange<Int>, seed: UInt64) {
    self.sizes = sizes
    random = SplitMix64(state: seed)
    var bytes = SplitMix64(state: 0x1234_5678)
    var pattern = (0..<Self.period).map { _ in UInt8(truncatingIfNeeded: bytes.next()) }
    while pattern.count < Self.period + sizes.upperBound {
      pattern.append(pattern[pattern.count - Self.period])
    }
    self.pattern = pattern
  }

  mutating func begin(_ request: inout [UInt8]) -> ExpectedBytes {
    let offset = Int(random.next() % UInt64(Self.period))
    let byteCount = sizes.lowerBound + Int(random.next() % UInt64(sizes.count))
    request.append(contentsOf: pattern[offset..<offset + byteCount])
    return ExpectedBytes(range: offset..<offset + byteCount)
  }

  mutating func check(
    _ bytes: ArraySlice<UInt8>, in exchange: inout ExpectedBytes
  ) throws(LoadError) -> Bool {
    try exchange.check(bytes, with: pattern)
  }

  func byteCount(of exchange: ExpectedBytes) -> Int { exchange.range.count }
}
