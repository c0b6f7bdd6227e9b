import IXABI
import Testing

@testable import ControlPlane

/// A dataplane as a queue: so many frames a second come, each core serves so many, and what is not
/// served waits.
private struct Plant {
  var capacityPerCore = 1000.0
  var waiting = 0.0

  /// One tick of a tenth of a second.
  mutating func tick(offered: Double, cores: Int) -> LoadSample {
    let capacity = capacityPerCore * Double(cores) / 10
    let arriving = offered / 10 + waiting
    let served = min(arriving, capacity)
    waiting = arriving - served
    return LoadSample(
      queueDepth: waiting / Double(max(cores, 1)),
      queueingDelayMicroseconds: capacity > 0 ? waiting / capacity * 100_000 : 0,
      idleShare: capacity > 0 ? 1 - served / capacity : 0)
  }
}

@Suite struct PolicyTests {
  static let busy = LoadSample(queueDepth: 40, queueingDelayMicroseconds: 100, idleShare: 0)
  static let between = LoadSample(queueDepth: 16, queueingDelayMicroseconds: 100, idleShare: 0.5)
  static let quiet = LoadSample(queueDepth: 0, queueingDelayMicroseconds: 1, idleShare: 0.9)

  private func run(
    _ samples: [LoadSample], from cores: Int, _ policy: Policy = .energy
  ) -> [Int] {
    var state = PolicyState(cores: cores)
    return samples.map {
      state = policy.next(state, $0, range: 1...4)
      return state.cores
    }
  }

  @Test func aDeepQueueTakesACoreAtOnce() {
    #expect(run([Self.busy, Self.busy, Self.busy, Self.busy], from: 1) == [2, 3, 4, 4])
  }

  @Test func aLongDelayDoesTheSame() {
    let late = LoadSample(queueDepth: 1, queueingDelayMicroseconds: 301, idleShare: 0.5)
    #expect(run([late], from: 1) == [2])
    let veryLate = LoadSample(queueDepth: 1, queueingDelayMicroseconds: 3000, idleShare: 0.5)
    #expect(run([veryLate], from: 1) == [3])
  }

  @Test func coresAreGivenBackOneByOneAfterSomeQuietTicks() {
    #expect(
      run(Array(repeating: Self.quiet, count: 10), from: 4) == [4, 4, 3, 3, 3, 2, 2, 2, 1, 1])
  }

  @Test func betweenTheThresholdsNothingChanges() {
    #expect(
      run(Array(repeating: Self.between, count: 20), from: 3) == Array(repeating: 3, count: 20))
    // One tick that is not quiet begins the count anew.
    let mixed = [Self.quiet, Self.quiet, Self.between, Self.quiet, Self.quiet, Self.quiet]
    #expect(run(mixed, from: 2) == [2, 2, 2, 2, 2, 1])
  }

  @Test func aCoreIsKeptWhenTheOthersCouldNotDoItsWork() {
    let half = LoadSample(queueDepth: 0, queueingDelayMicroseconds: 1, idleShare: 0.45)
    #expect(run(Array(repeating: half, count: 9), from: 2).last == 2)
    #expect(run(Array(repeating: half, count: 9), from: 4).last == 2)
  }

  /// The last core is slowed down step by step; speed comes back at once, and before a second core.
  @Test func energySlowsTheLastCoreDown() {
    var state = PolicyState(cores: 1)
    var levels: [Int] = []
    for _ in 0..<12 {
      state = Policy.energy.next(state, Self.quiet, range: 1...4)
      levels.append(state.frequencyLevel)
    }
    #expect(levels == [3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0])
    state = Policy.energy.next(state, Self.busy, range: 1...4)
    #expect(state.frequencyLevel == 3)
    #expect(state.cores == 1)
    state = Policy.energy.next(state, Self.busy, range: 1...4)
    #expect(state.cores == 2)
    var consolidated = PolicyState(cores: 1)
    for _ in 0..<12 {
      consolidated = Policy.consolidation.next(consolidated, Self.quiet, range: 1...4)
    }
    #expect(consolidated.frequencyLevel == 3)
  }

  @Test func theFixedPolicyHasWhatItWasGiven() {
    #expect(run([Self.quiet, Self.busy, Self.quiet], from: 1, .fixed) == [4, 4, 4])
  }

  /// Step response: 0 -> 3.2 cores' worth -> 0.
  @Test func aStepIsFollowedWithinThreeTicksAndBack() {
    var plant = Plant()
    var state = PolicyState(cores: 1)
    var cores: [Int] = []
    for tick in 0..<40 {
      let offered = (5..<20).contains(tick) ? 3200.0 : 100
      let sample = plant.tick(offered: offered, cores: state.cores)
      state = Policy.energy.next(state, sample, range: 1...4)
      cores.append(state.cores)
    }
    #expect(cores[..<5].allSatisfy { $0 == 1 })
    #expect(cores[7] == 4)
    #expect(cores[8..<20].allSatisfy { $0 == 4 })
    #expect(cores[35...].allSatisfy { $0 == 1 })
  }

  /// A ramp up and down: at no time two ticks in a row with more waiting than one tick can serve.
  @Test func aRampIsFollowed() {
    var plant = Plant()
    var state = PolicyState(cores: 1)
    var lateInARow = 0
    var worst = 0
    var coreTicks = 0
    for tick in 0..<200 {
      let offered = 3500.0 * (tick < 100 ? Double(tick) : Double(200 - tick)) / 100
      let sample = plant.tick(offered: offered, cores: state.cores)
      lateInARow = sample.queueingDelayMicroseconds > 100_000 ? lateInARow + 1 : 0
      worst = max(worst, lateInARow)
      state = Policy.energy.next(state, sample, range: 1...4)
      coreTicks += state.cores
    }
    #expect(worst <= 2)
    // Four cores all the time would be 800.
    #expect(coreTicks < 650)
  }

  /// Steady loads at every level settle: no core comes and goes.
  @Test(arguments: Array(stride(from: 100.0, through: 3900, by: 100)))
  func aSteadyLoadSettles(offered: Double) {
    var plant = Plant()
    var state = PolicyState(cores: 2)
    var cores: [Int] = []
    for _ in 0..<200 {
      let sample = plant.tick(offered: offered, cores: state.cores)
      state = Policy.energy.next(state, sample, range: 1...4)
      cores.append(state.cores)
    }
    #expect(Set(cores[100...]).count == 1)
    #expect(Double(cores[199]) * 1000 >= offered)
  }
}

@Suite struct ArbiterTests {
  static let claims = [
    Arbiter.Claim(name: "kv", policy: .consolidation, cores: 1...3, weight: 2),
    Arbiter.Claim(name: "web", policy: .energy, cores: 1...3),
  ]

  @Test func everyCoreHasOneOwner() {
    var arbiter = Arbiter(
      hostCores: [0, 1, 2, 3], reservedCount: 1, constants: PolicyConstants())
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let samples = [PolicyTests.busy, PolicyTests.between, PolicyTests.quiet]
      let now = [
        "kv": samples.randomElement(using: &generator),
        "web": samples.randomElement(using: &generator),
      ].compactMapValues { Bool.random(using: &generator) ? $0 : nil }
      let division = arbiter.tick(Self.claims, now)
      let all = division.dataplanes.values.flatMap { $0 } + division.rest
      #expect(all.sorted() == [0, 1, 2, 3])
      #expect(!division.rest.isEmpty)
      #expect(division.dataplanes.keys.sorted() == now.keys.sorted())
      #expect(division.dataplanes.values.allSatisfy { !$0.isEmpty })
    }
  }

  @Test func theOneWithMoreWeightComesFirst() {
    var arbiter = Arbiter(hostCores: [4, 5, 6, 7], constants: PolicyConstants())
    var division = Arbiter.Division()
    for _ in 0..<5 {
      division = arbiter.tick(Self.claims, ["kv": PolicyTests.busy, "web": PolicyTests.busy])
    }
    #expect(division.dataplanes.mapValues { $0.count } == ["kv": 2, "web": 2])
    arbiter = Arbiter(hostCores: [4], constants: PolicyConstants())
    division = arbiter.tick(Self.claims, ["kv": PolicyTests.quiet, "web": PolicyTests.busy])
    #expect(division.dataplanes == ["kv": [4], "web": []])
  }

  @Test func coresDoNotMoveWithoutNeed() {
    var arbiter = Arbiter(hostCores: Array(0..<6), constants: PolicyConstants())
    let samples = ["kv": PolicyTests.busy, "web": PolicyTests.busy]
    for _ in 0..<5 { _ = arbiter.tick(Self.claims, samples) }
    let before = arbiter.division
    let after = arbiter.tick(Self.claims, ["kv": PolicyTests.between, "web": PolicyTests.between])
    #expect(after == before)
    // One ends: the other keeps its cores.
    let alone = arbiter.tick(Self.claims, ["web": PolicyTests.between])
    #expect(alone.dataplanes["web"] == before.dataplanes["web"])
  }
}
