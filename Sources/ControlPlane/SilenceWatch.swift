/// Notices when one of several counters does not change any more, and when it does again.
package struct SilenceWatch {
  package enum Finding: Equatable {
    case nothing
    /// The first one that has stood still for too long.
    case silent(Int)
    case answersAgain
  }

  private let limit: Double
  private var seen: [(beat: UInt64, since: Double)] = []
  private var isSilent = false

  /// `limit` in seconds.
  package init(limit: Double) { self.limit = limit }

  /// Looks at the counters at `now`, seconds on a clock that never goes back. Says each thing once.
  package mutating func look(_ beats: [UInt64], now: Double) -> Finding {
    while seen.count < beats.count { seen.append((beats[seen.count], now)) }
    for (index, beat) in beats.enumerated() where beat != seen[index].beat {
      seen[index] = (beat, now)
    }
    let silent = beats.indices.first { now - seen[$0].since >= limit }
    switch (silent, isSilent) {
    case (let index?, false):
      isSilent = true
      return .silent(index)
    case (nil, true):
      isSilent = false
      return .answersAgain
    default: return .nothing
    }
  }
}
