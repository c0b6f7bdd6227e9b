import Packets

/// CUBIC (RFC 9438), in integers: bytes, and units of 1/1024 s.
///
/// Slow start doubles with whatever an acknowledgment covers: a receiver that works in batches sends
/// one for each, so that the L of RFC 3465 would make it linear. HyStart++ (RFC 9406) is left out.
package struct Cubic: CongestionControl {
  package private(set) var window: UInt32
  /// ssthresh.
  private var slowStartThreshold: UInt32 = 1 << 30
  /// W_max: the window just before the latest reduction.
  private var maximum: UInt32 = 0
  /// cwnd_prior.
  private var beforeReduction: UInt32 = 0
  /// W_est: the window that Reno would have.
  private var estimate: UInt32 = 0
  /// Acknowledged bytes that have not moved `window` and `estimate` by whole bytes.
  private var windowCredit: UInt64 = 0
  private var estimateCredit: UInt64 = 0
  /// K, in units of 1/1024 s.
  private var period: UInt32 = 0
  /// t = 0: when congestion avoidance began; nil until it does.
  private var epoch: Instant?
  private var previous = Memory()

  /// What `undone` goes back to.
  private struct Memory: BitwiseCopyable {
    var window: UInt32 = 0
    var slowStartThreshold: UInt32 = 1 << 30
    var maximum: UInt32 = 0
    var beforeReduction: UInt32 = 0
  }

  package init(maximumSegment: UInt32) { window = Self.initialWindow(maximumSegment) }

  package mutating func acknowledged(_ event: Acknowledgment) {
    guard event.isWindowLimited, window < Self.windowLimit else { return }
    if window < slowStartThreshold {
      window &+= min(event.byteCount, window)
      return
    }
    avoidCongestion(event)
  }

  /// RFC 9438, sections 4.2 to 4.5.
  private mutating func avoidCongestion(_ event: Acknowledgment) {
    let epoch = epoch ?? beginEpoch(event)
    growEstimate(event)
    // Section 4.2: where the cubic function will be in one round trip, at most half as much again.
    let elapsed = event.now.since(epoch).microseconds &+ UInt64(event.smoothedRoundTrip)
    let cubic = Self.window(
      at: elapsed &* 1024 / 1_000_000, period: period, maximum: maximum,
      maximumSegment: event.maximumSegment)
    let target = min(max(cubic, window), window &+ window / 2)
    // cwnd += (target - cwnd) / cwnd for each segment acknowledged.
    windowCredit &+= UInt64(target &- window) &* UInt64(min(event.byteCount, window))
    let growth = windowCredit / UInt64(window)
    windowCredit &-= growth &* UInt64(window)
    window = min(window &+ UInt32(truncatingIfNeeded: growth), Self.windowLimit)
    // Section 4.3: never slower than Reno.
    if cubic < estimate { window = max(window, estimate) }
  }

  /// Section 4.2, equation 2: K is where the function comes back to W_max.
  private mutating func beginEpoch(_ event: Acknowledgment) -> Instant {
    epoch = event.now
    estimate = window
    estimateCredit = 0
    windowCredit = 0
    if window < maximum {
      period = Self.period(
        from: window, to: maximum, maximumSegment: event.maximumSegment)
    } else {
      period = 0
      maximum = window
    }
    return event.now
  }

  /// Section 4.3, equation 4: alpha is 3 * (1 - beta) / (1 + beta) = 9 / 17 up to cwnd_prior, then 1.
  private mutating func growEstimate(_ event: Acknowledgment) {
    let isBelow = estimate < beforeReduction
    let acknowledged = UInt64(min(event.byteCount, window)) &* UInt64(event.maximumSegment)
    estimateCredit &+= isBelow ? acknowledged &* 9 / 17 : acknowledged
    let growth = estimateCredit / UInt64(window)
    estimateCredit &-= growth &* UInt64(window)
    estimate = min(estimate &+ UInt32(truncatingIfNeeded: growth), Self.windowLimit)
  }

  /// Section 4.6, beta = 0.7, and section 4.7, fast convergence.
  package mutating func congested(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    reduce(maximumSegment: maximumSegment)
    window = slowStartThreshold
  }

  private mutating func reduce(maximumSegment: UInt32) {
    previous = Memory(
      window: window, slowStartThreshold: slowStartThreshold, maximum: maximum,
      beforeReduction: beforeReduction)
    beforeReduction = window
    // A flow that did not get back to its maximum makes room for others.
    maximum = window < maximum ? Self.scaled(window, 17, 20) : window
    slowStartThreshold = max(Self.scaled(window, 7, 10), 2 &* maximumSegment)
    epoch = nil
  }

  package mutating func recovered(maximumSegment: UInt32) {
    window = max(slowStartThreshold, 2 &* maximumSegment)
  }

  /// Section 4.8.
  package mutating func timedOut(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    reduce(maximumSegment: maximumSegment)
    window = maximumSegment
  }

  /// Section 4.9.
  package mutating func undone() {
    window = max(window, previous.window)
    slowStartThreshold = max(slowStartThreshold, previous.slowStartThreshold)
    maximum = max(maximum, previous.maximum)
    beforeReduction = previous.beforeReduction
    epoch = nil
  }

  package mutating func continueReduction(after earlier: Self) { previous = earlier.previous }

  /// Section 4.2: time without data must not count.
  package mutating func idled(maximumSegment: UInt32) {
    window = min(window, Self.initialWindow(maximumSegment))
    epoch = nil
  }
}

// The arithmetic of RFC 9438, section 4.2.
extension Cubic {
  /// W_cubic(t) = C * (t - K)^3 + W_max, with C = 0.4, in bytes; times in 1/1024 s.
  static func window(
    at time: UInt64, period: UInt32, maximum: UInt32, maximumSegment: UInt32
  ) -> UInt32 {
    let isBefore = time < UInt64(period)
    let distance = isBefore ? UInt64(period) &- time : time &- UInt64(period)
    // Up to 2^20 (17 minutes) every product fits into 64 bits; farther away there is no difference.
    let offset = min(distance, 1 << 20)
    let segments = ((offset &* offset &* offset) &>> 10) &* 2 / 5
    let (high, low) = segments.multipliedFullWidth(by: UInt64(maximumSegment))
    let bytes = high == 0 ? min(low &>> 20, UInt64(windowLimit)) : UInt64(windowLimit)
    if isBefore { return maximum &- min(UInt32(truncatingIfNeeded: bytes), maximum) }
    return UInt32(truncatingIfNeeded: min(UInt64(maximum) &+ bytes, UInt64(windowLimit)))
  }

  /// K = cbrt((W_max - cwnd_epoch) / C), in 1/1024 s.
  static func period(from window: UInt32, to maximum: UInt32, maximumSegment: UInt32) -> UInt32 {
    // (segments / 0.4) * 1024^3; the difference is at most 2^30.
    let difference = UInt64(min(maximum &- window, windowLimit)) &* 5 &<< 29
    return cubeRoot(difference / UInt64(max(maximumSegment, 1)))
  }

  /// The largest integer whose cube is at most `value`: one bit at a time.
  static func cubeRoot(_ value: UInt64) -> UInt32 {
    var root: UInt64 = 0
    var bit: UInt64 = 1 << 20
    while bit > 0 {
      let candidate = root | bit
      if candidate &* candidate &* candidate <= value { root = candidate }
      bit &>>= 1
    }
    return UInt32(truncatingIfNeeded: root)
  }

  private static func scaled(_ value: UInt32, _ numerator: UInt64, _ divisor: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: UInt64(value) &* numerator / divisor)
  }
}
