import Glibc

/// When exchanges are due.
struct Pace {
  /// Exchanges in all; nil: as many as fit into the time.
  var limit: Int?
  /// Nothing more is due after so many seconds.
  var seconds: Double
  /// Closed loop: exchanges at one time, the next one due when one is finished. Open loop: nil.
  var concurrency: Int?
  /// Open loop: exchanges per second, due at the times of a Poisson process whatever the server does.
  var rate = 0.0

  /// How long unfinished exchanges of an open loop may take after its end.
  static let afterRunSeconds = 1.0
}

/// The times of a Poisson process.
struct Arrivals {
  /// The next one.
  private(set) var next: UInt64
  private let meanInterval: Double
  private var random: SplitMix64

  init(from start: UInt64, perSecond rate: Double, seed: UInt64) {
    next = start
    meanInterval = 1e9 / rate
    random = SplitMix64(state: seed)
    advance()
  }

  mutating func advance() { next += UInt64(-log(random.unit()) * meanInterval) }
}
