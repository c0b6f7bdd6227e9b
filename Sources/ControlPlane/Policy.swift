// Which dataplane gets how many cores: pure functions of what was measured. After Prekas et al.,
// "The IX Operating System" (TOCS 2016), section 5: a control loop with a fixed tick, thresholds of
// queue depth that are far apart, and no prediction.

/// What the control plane is to achieve for one dataplane.
package enum Policy: String, Codable, Sendable, CaseIterable {
  /// As few cores as keep the queueing delay under its bound, and those as slow as they may be; the
  /// rest of the host may sleep.
  case energy
  /// The same, and the rest belongs to a background job.
  case consolidation
  /// The cores it was given, whatever happens.
  case fixed
}

/// Constants of the loop; the defaults are those of the literature.
package struct PolicyConstants: Codable, Equatable, Sendable {
  /// Milliseconds between two decisions.
  package var tickMilliseconds = 100
  /// More cores when the frames waiting for one core exceed this.
  package var upQueueDepth = 32.0
  /// Fewer cores only when there are less than this.
  package var downQueueDepth = 8.0
  /// Fewer cores only when the share of time in which cores are idle exceeds this: 0...1, and when
  /// those that are left would not be busier than 1 less half of it.
  package var downIdleShare = 0.3
  /// More cores when the queueing delay exceeds this, microseconds.
  package var delayBoundMicroseconds = 300.0
  /// Ticks in a row that must ask for fewer cores.
  package var downTicks = 3

  package init() {}
}

/// What one dataplane did during the last tick.
package struct LoadSample: Equatable, Sendable {
  /// Frames waiting for its busiest core.
  package var queueDepth: Double
  package var queueingDelayMicroseconds: Double
  /// 0...1, of all cores it has.
  package var idleShare: Double

  package init(queueDepth: Double, queueingDelayMicroseconds: Double, idleShare: Double) {
    self.queueDepth = queueDepth
    self.queueingDelayMicroseconds = queueingDelayMicroseconds
    self.idleShare = idleShare
  }

  /// From what its cores showed at the beginning and the end of the tick. Parked cores do not
  /// count.
  package init(from earlier: [CoreSnapshot], to later: [CoreSnapshot]) {
    let active = zip(earlier, later).filter { $1.state != .parked }
    queueDepth = active.map { max($1.queueDepth, 0) }.max() ?? 0
    let delays = active.map { Double($1[.queueingDelayNanoseconds]) / 1000 }
    queueingDelayMicroseconds = delays.max() ?? 0
    let loads = active.map { $1.rates(since: $0).load }
    idleShare = loads.isEmpty ? 1 : 1 - loads.reduce(0, +) / Double(loads.count)
  }
}

/// The loop's memory of one dataplane.
package struct PolicyState: Equatable, Sendable {
  package var cores: Int
  /// Ticks in a row that asked for fewer cores.
  package var quietTicks = 0
  /// The highest frequency its cores may use (`HostFrequency`); only the energy policy lowers it.
  package var frequencyLevel = HostFrequency.topLevel

  package init(cores: Int) { self.cores = cores }
}

extension Policy {
  /// The state after a tick in which `sample` was measured; cores stay within `range`.
  package func next(
    _ state: PolicyState, _ sample: LoadSample, range: ClosedRange<Int>,
    constants: PolicyConstants = PolicyConstants()
  ) -> PolicyState {
    var state = state
    guard self != .fixed else {
      state.cores = range.upperBound
      return state
    }
    state.cores = min(max(state.cores, range.lowerBound), range.upperBound)
    let isLate = sample.queueingDelayMicroseconds > constants.delayBoundMicroseconds
    if sample.queueDepth > constants.upQueueDepth || isLate {
      state.quietTicks = 0
      // The other way round than below: speed is there at once, a core after a tick.
      guard state.frequencyLevel == HostFrequency.topLevel else {
        state.frequencyLevel = HostFrequency.topLevel
        return state
      }
      state.cores = min(state.cores + Self.step(sample, isLate, constants), range.upperBound)
      return state
    }
    guard Self.isQuiet(sample, cores: state.cores, constants) else {
      state.quietTicks = 0
      return state
    }
    state.quietTicks += 1
    guard state.quietTicks >= constants.downTicks else { return state }
    state.quietTicks = 0
    if state.cores > range.lowerBound {
      state.cores -= 1
    } else if self == .energy {
      state.frequencyLevel = max(state.frequencyLevel - 1, 0)
    }
    return state
  }

  /// Far above a bound it takes more than one core to be there within three ticks.
  private static func step(
    _ sample: LoadSample, _ isLate: Bool, _ constants: PolicyConstants
  ) -> Int {
    let excess = max(
      sample.queueDepth / constants.upQueueDepth,
      isLate ? sample.queueingDelayMicroseconds / constants.delayBoundMicroseconds : 0)
    return excess > 4 ? 2 : 1
  }

  /// Whether one core fewer would do, with something to spare: otherwise it would be taken back at
  /// once.
  private static func isQuiet(
    _ sample: LoadSample, cores: Int, _ constants: PolicyConstants
  ) -> Bool {
    guard sample.queueDepth < constants.downQueueDepth,
      sample.idleShare > constants.downIdleShare
    else { return false }
    guard cores > 1 else { return true }
    let busyAfter = (1 - sample.idleShare) * Double(cores) / Double(cores - 1)
    return busyAfter < 1 - constants.downIdleShare / 2
  }
}
