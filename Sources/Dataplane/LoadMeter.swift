import Packets

/// How busy one core is. The usual batch costs it a few additions, an idle turn one store; averages
/// are made when the host is shown them.
package struct LoadMeter: BitwiseCopyable {
  /// Time in which the core had something to do: in the application, or with frames. The rest is
  /// idle, sleep included.
  package private(set) var busy = Interval.zero
  /// Batches by their number of frames: element n counts those of more than 2^(n-1) up to 2^n.
  package private(set) var batches = InlineArray<16, UInt64>(repeating: 0)
  /// Batches, their frames, and what they left waiting.
  private var batchCount: UInt64 = 0
  private var depthSum: UInt64 = 0
  /// Nanoseconds that the oldest frame of each batch can have waited.
  private var delaySum: UInt64 = 0
  /// Most frames of a batch and behind it since the last report.
  private var longestQueue = 0
  /// When the receive queue was last found empty: no frame in it can be older.
  private var emptyAt: Instant
  private let startedAt: Instant
  /// The sums as of the last report, and the averages it gave.
  private var reported: (batches: UInt64, depth: UInt64, delay: UInt64) = (0, 0, 0)
  private var depth: UInt64 = 0
  private var delay: UInt64 = 0

  package init(now: Instant) {
    startedAt = now
    emptyAt = now
  }

  /// The core had something to do from `start` to `end`.
  @inline(__always)
  package mutating func wasBusy(from start: Instant, to end: Instant) {
    busy = busy + end.since(start)
  }

  /// Time without anything to do, until `now`.
  package func idle(until now: Instant) -> Interval { now.since(startedAt) - busy }

  /// The queue was empty at `now`; or the core was woken then, and what is in the queue has come
  /// just now.
  @inline(__always)
  package mutating func foundEmpty(now: Instant) { emptyAt = now }

  /// A batch of `count` frames, more than none, was received at `now`, and left `waiting` behind.
  @inline(__always)
  package mutating func received(_ count: Int, waiting: Int, now: Instant) {
    batchCount &+= 1
    delaySum &+= now.since(emptyAt).nanoseconds
    guard count > 1 || waiting > 0 else {
      batches[0] &+= 1
      depthSum &+= 1
      emptyAt = now
      return
    }
    receivedMany(count, waiting, now)
  }

  private mutating func receivedMany(_ count: Int, _ waiting: Int, _ now: Instant) {
    let width = Int.bitWidth &- (count &- 1).leadingZeroBitCount
    batches[min(width, 15)] &+= 1
    let depth = count &+ waiting
    longestQueue = max(longestQueue, depth)
    depthSum &+= UInt64(truncatingIfNeeded: depth)
    if waiting == 0 { emptyAt = now }
  }

  /// Averages over the batches since the last report, smoothed with it by a half, zero when there
  /// was none: frames of a batch and behind it in 256ths, nanoseconds that its oldest frame can
  /// have waited, and the longest queue since.
  package mutating func report() -> (depth: UInt64, delay: UInt64, longest: Int) {
    let count = batchCount &- reported.batches
    let longest = longestQueue
    longestQueue = 0
    guard count > 0 else {
      (depth, delay) = (0, 0)
      return (0, 0, 0)
    }
    let newDepth = (depthSum &- reported.depth) &* 256 / count
    let newDelay = (delaySum &- reported.delay) / count
    depth = depth == 0 ? newDepth : (depth &+ newDepth) / 2
    delay = delay == 0 ? newDelay : (delay &+ newDelay) / 2
    reported = (batchCount, depthSum, delaySum)
    return (depth, delay, max(longest, 1))
  }
}
