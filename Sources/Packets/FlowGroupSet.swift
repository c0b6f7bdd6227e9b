/// A set of flow groups: one bit for each entry of the indirection table.
package struct FlowGroupSet: Equatable, BitwiseCopyable, Sendable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  package init() {}

  /// The `count` groups from `first` on, as far as they exist.
  package init(first: UInt64, count: UInt64) {
    let limit = UInt64(FlowSteering.groupCount)
    guard first < limit else { return }
    for group in first..<(first &+ min(count, limit &- first)) {
      insert(UInt16(truncatingIfNeeded: group))
    }
  }

  @inline(__always)
  package var isEmpty: Bool { low | high == 0 }
  package var count: Int { low.nonzeroBitCount &+ high.nonzeroBitCount }

  @inline(__always)
  package func contains(_ group: UInt16) -> Bool {
    (group & 64 == 0 ? low : high) & Self.bit(group) != 0
  }

  /// Groups 0..63 and 64..127, the lowest bit first.
  package var words: (UInt64, UInt64) { (low, high) }

  package mutating func insert(_ group: UInt16) {
    if group & 64 == 0 { low |= Self.bit(group) } else { high |= Self.bit(group) }
  }

  package mutating func remove(_ group: UInt16) {
    if group & 64 == 0 { low &= ~Self.bit(group) } else { high &= ~Self.bit(group) }
  }

  package mutating func formUnion(_ other: Self) {
    low |= other.low
    high |= other.high
  }

  package mutating func subtract(_ other: Self) {
    low &= ~other.low
    high &= ~other.high
  }

  /// The lowest group, taken out; nil when there is none.
  package mutating func popFirst() -> UInt16? {
    guard !isEmpty else { return nil }
    let group = UInt16(
      truncatingIfNeeded: low != 0
        ? low.trailingZeroBitCount : 64 &+ high.trailingZeroBitCount)
    remove(group)
    return group
  }

  @inline(__always)
  private static func bit(_ group: UInt16) -> UInt64 { 1 &<< UInt64(group & 63) }
}
