/// Divides the host's cores among dataplanes and a background job.
package struct Arbiter: Sendable {
  /// What one dataplane may have.
  package struct Claim: Equatable, Sendable {
    package var name: String
    package var policy: Policy
    package var cores: ClosedRange<Int>
    /// Those of more weight are served first when there is not enough for all.
    package var weight: Int

    package init(name: String, policy: Policy, cores: ClosedRange<Int>, weight: Int = 1) {
      self.name = name
      self.policy = policy
      self.cores = cores
      self.weight = weight
    }
  }

  /// Who has which of the host's cores. Every core has one owner.
  package struct Division: Equatable, Sendable {
    package var dataplanes: [String: [Int]] = [:]
    /// For the background job, or for nobody.
    package var rest: [Int] = []

    package init() {}
  }

  package let hostCores: [Int]
  package let constants: PolicyConstants
  /// Cores that no dataplane gets: a background job without any would never end.
  package let reservedCount: Int
  private var states: [String: PolicyState] = [:]
  package private(set) var division = Division()

  /// The highest frequency level that each dataplane's cores may use.
  package var frequencyLevels: [String: Int] { states.mapValues { $0.frequencyLevel } }

  package init(hostCores: [Int], reservedCount: Int = 0, constants: PolicyConstants) {
    self.hostCores = hostCores
    self.reservedCount = min(reservedCount, max(0, hostCores.count - 1))
    self.constants = constants
    division.rest = hostCores
  }

  /// One tick: what every claim that runs has measured; those without a sample do not run.
  package mutating func tick(_ claims: [Claim], _ samples: [String: LoadSample]) -> Division {
    let running = claims.filter { samples[$0.name] != nil }
    var wanted: [String: Int] = [:]
    for claim in running {
      guard let sample = samples[claim.name] else { continue }
      let old = states[claim.name] ?? PolicyState(cores: claim.cores.lowerBound)
      let new = claim.policy.next(old, sample, range: claim.cores, constants: constants)
      states[claim.name] = new
      wanted[claim.name] = new.cores
    }
    for name in states.keys where wanted[name] == nil { states[name] = nil }
    let granted = grant(running, wanted)
    for (name, count) in granted { states[name]?.cores = count }
    division = place(granted)
    return division
  }

  /// As many cores as are wanted, or what there is: first everybody's least, by weight, then one at
  /// a time.
  private func grant(_ claims: [Claim], _ wanted: [String: Int]) -> [String: Int] {
    let ordered = claims.sorted { ($1.weight, $0.name) < ($0.weight, $1.name) }
    var free = hostCores.count - reservedCount
    var granted: [String: Int] = [:]
    for claim in ordered {
      let count = min(claim.cores.lowerBound, wanted[claim.name] ?? 0, free)
      granted[claim.name] = count
      free -= count
    }
    var isMoving = true
    while free > 0, isMoving {
      isMoving = false
      for claim in ordered where free > 0 {
        guard let has = granted[claim.name], has < wanted[claim.name] ?? 0 else { continue }
        granted[claim.name] = has + 1
        free -= 1
        isMoving = true
      }
    }
    return granted
  }

  /// Chooses cores: whoever has one keeps it, so that as little as possible moves.
  private func place(_ granted: [String: Int]) -> Division {
    var result = Division()
    var free = hostCores
    for (name, count) in granted {
      let kept = Array(
        (division.dataplanes[name] ?? []).filter(free.contains).prefix(count))
      result.dataplanes[name] = kept
      free.removeAll { kept.contains($0) }
    }
    for (name, count) in granted.sorted(by: { $0.key < $1.key }) {
      let missing = count - (result.dataplanes[name]?.count ?? 0)
      guard missing > 0 else { continue }
      result.dataplanes[name, default: []] += free.prefix(missing)
      free.removeFirst(min(missing, free.count))
    }
    result.rest = free
    return result
  }
}
