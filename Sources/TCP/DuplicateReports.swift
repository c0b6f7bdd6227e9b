import Wire

/// Text that arrived twice, to be reported by DSACK (RFC 2883): each ACK has room for one report, so
/// a few wait for theirs.
struct DuplicateReports: BitwiseCopyable {
  private var blocks = InlineArray<3, SACKBlock>(repeating: SACKBlock(start: 0, end: 0))
  private(set) var count: UInt8 = 0

  var isEmpty: Bool { count == 0 }

  /// The sequence numbers from `start` up to `end` arrived again. What continues the report before
  /// joins it; what has no room is not reported, which only costs the sender a way back.
  mutating func add(from start: UInt32, to end: UInt32) {
    if count > 0, blocks[Int(count) &- 1].end == start {
      blocks[Int(count) &- 1].end = end
      return
    }
    guard count < 3 else { return }
    blocks[Int(count)] = SACKBlock(start: start, end: end)
    count &+= 1
  }

  /// The oldest report, which is then no longer due.
  mutating func removeFirst() -> SACKBlock? {
    guard count > 0 else { return nil }
    let first = blocks[0]
    blocks[0] = blocks[1]
    blocks[1] = blocks[2]
    count &-= 1
    return first
  }
}
