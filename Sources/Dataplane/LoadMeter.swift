import Packets

/// How busy one core is, from what each turn of its cycle found. All of it costs a few additions a
/// batch, and two a turn.
package struct LoadMeter: BitwiseCopyable {
  /// Time of turns that received frames or went to the application, and of the others. Sleep is
  /// idle.
  package private(set) var busy = Interval.zero
  package private(set) var idle = Interval.zero
  /// Batches by their number of frames: element n counts those of more than 2^(n-1) up to 2^n.
  package private(set) var batches = InlineArray<16, UInt64>(repeating: 0)
  /// Most frames of a batch and behind it since `takeLongestQueue`.
  private var longestQueue = 0
  /// Exponential averages over batches, with a weight of an eighth, kept times eight.
  private var depthSum: UInt64 = 0
  private var delaySum: UInt64 = 0
  private var turnedAt: Instant
  /// When the receive queue was last found empty: no frame in it can be older.
  private var emptyAt: Instant
  private var batchCount: UInt64 = 0
  private var reportedBatchCount: UInt64 = 0

  package init(now: Instant) {
    turnedAt = now
    emptyAt = now
  }

  /// A turn ends at `now`; `wasBusy` if it did anything.
  @inline(__always)
  package mutating func turn(now: Instant, wasBusy: Bool) {
    let interval = now.since(turnedAt)
    turnedAt = now
    if wasBusy { busy = busy + interval } else { idle = idle + interval }
  }

  /// The core was woken at `now`: whatever is in the queue has come just now.
  package mutating func woke(now: Instant) { emptyAt = now }

  /// No frame was received at `now`.
  @inline(__always)
  package mutating func receivedNothing(now: Instant) { emptyAt = now }

  /// A batch of `count` frames, more than none, was received at `now`, and left `waiting` behind.
  @inline(__always)
  package mutating func received(_ count: Int, waiting: Int, now: Instant) {
    batchCount &+= 1
    let width = Int.bitWidth &- (count &- 1).leadingZeroBitCount
    batches[min(width, 15)] &+= 1
    let depth = count &+ waiting
    longestQueue = max(longestQueue, depth)
    depthSum = depthSum &- depthSum &>> 3 &+ UInt64(truncatingIfNeeded: depth) &<< 8
    delaySum = delaySum &- delaySum &>> 3 &+ now.since(emptyAt).nanoseconds
    if waiting == 0 { emptyAt = now }
  }

  /// Averages as of the last batches, zero when there was none since the last call: frames of a
  /// batch and behind it in 256ths, nanoseconds that its oldest frame can have waited, and the
  /// longest queue since.
  package mutating func report() -> (depth: UInt64, delay: UInt64, longest: Int) {
    defer {
      longestQueue = 0
      reportedBatchCount = batchCount
    }
    guard batchCount != reportedBatchCount else { return (0, 0, 0) }
    return (depthSum &>> 3, delaySum &>> 3, longestQueue)
  }
}
