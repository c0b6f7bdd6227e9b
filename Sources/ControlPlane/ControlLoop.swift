import Foundation
import IXABI

/// The control plane's loop over one configuration: measure, decide, apply. It keeps nothing that
/// it could not find out again; when it ends, dataplanes go on with what they have.
package final class ControlLoop {
  package struct Step: Encodable, Sendable {
    package let seconds: Double
    /// Cores of the host, by dataplane.
    package let dataplanes: [String: [Int]]
    package let background: [Int]
    /// 0...3, of those whose policy is `energy`.
    package let frequencyLevels: [String: Int]
    package let queueDepth: [String: Double]
    package let idleShare: [String: Double]
    package let queueingDelayMicroseconds: [String: Double]
  }

  private let configuration: ControlConfiguration
  private let directory: RunDirectory
  private let background: BackgroundJob?
  private var arbiter: Arbiter
  private var dataplanes: [String: Dataplane] = [:]
  private var earlier: [String: [CoreSnapshot]] = [:]
  private var applied: Arbiter.Division?
  /// On their way to the number of cores they are to have.
  private var scalings: [String: CoreScaling] = [:]
  private let frequency: HostFrequency
  /// By core: what it was limited to.
  private var appliedLevels: [Int: Int] = [:]
  private let start = ProcessInfo.processInfo.systemUptime

  package init(
    _ configuration: ControlConfiguration, in directory: RunDirectory,
    frequency: HostFrequency = HostFrequency()
  ) throws {
    self.frequency = frequency
    self.configuration = configuration
    self.directory = directory
    try FileManager.default.createDirectory(
      atPath: directory.path, withIntermediateDirectories: true)
    background = try configuration.backgroundCommand.map {
      try BackgroundJob(
        command: $0, group: configuration.backgroundGroup,
        recordPath: "\(directory.path)/background.json")
    }
    arbiter = Arbiter(
      hostCores: configuration.cores ?? ProcessorSet.ours,
      reservedCount: background == nil ? 0 : 1, constants: configuration.constants)
  }

  /// One tick; what was measured and decided.
  package func tick() -> Step {
    var samples: [String: LoadSample] = [:]
    for claim in configuration.claims {
      guard let cores = look(claim.name) else { continue }
      if let before = earlier[claim.name], before.count == cores.count {
        samples[claim.name] = LoadSample(from: before, to: cores)
      } else {
        samples[claim.name] = LoadSample(
          queueDepth: 0, queueingDelayMicroseconds: 0, idleShare: 0)
      }
      earlier[claim.name] = cores
    }
    let division = arbiter.tick(configuration.claims, samples)
    apply(division)
    goOnScaling()
    apply(arbiter.frequencyLevels, to: division)
    return Step(
      seconds: ProcessInfo.processInfo.systemUptime - start, dataplanes: division.dataplanes,
      background: division.rest, frequencyLevels: arbiter.frequencyLevels,
      queueDepth: samples.mapValues { $0.queueDepth },
      idleShare: samples.mapValues { $0.idleShare },
      queueingDelayMicroseconds: samples.mapValues { $0.queueingDelayMicroseconds })
  }

  /// What a dataplane shows; nil when it does not run.
  private func look(_ name: String) -> [CoreSnapshot]? {
    if let known = dataplanes[name], !known.record.monitor.isAlive {
      dataplanes[name] = nil
      earlier[name] = nil
      applied = nil
    }
    if dataplanes[name] == nil {
      dataplanes[name] = try? Dataplane(name, in: directory)
      applied = nil
    }
    return dataplanes[name]?.page.snapshots()
  }

  private func apply(_ division: Arbiter.Division) {
    guard division != applied else { return }
    for (name, cores) in division.dataplanes where !cores.isEmpty {
      guard let dataplane = dataplanes[name] else { continue }
      scale(name, dataplane, to: cores.count)
      ProcessorSet.confine(dataplane.record.monitor.identifier, to: cores)
    }
    background?.confine(to: division.rest)
    applied = division
  }

  /// Limits the cores of each dataplane to its level; what nobody has is limited by nobody.
  private func apply(_ levels: [String: Int], to division: Arbiter.Division) {
    var wanted = Dictionary(
      uniqueKeysWithValues: division.rest.map { ($0, HostFrequency.topLevel) })
    for (name, cores) in division.dataplanes {
      for core in cores { wanted[core] = levels[name] ?? HostFrequency.topLevel }
    }
    for (core, level) in wanted
    where level != appliedLevels[core] ?? HostFrequency.topLevel && frequency.isAdjustable(core) {
      frequency.limit(core, to: level)
      appliedLevels[core] = level
    }
  }

  /// Takes back every limit: dataplanes go on at full speed.
  package func release() {
    for core in appliedLevels.keys { frequency.limit(core, to: HostFrequency.topLevel) }
    appliedLevels = [:]
  }

  /// Parks the guest's cores that have none of the host's, and lets the others serve: what cannot
  /// be done at once is gone on with in the next ticks. An image of one core shares what it has,
  /// and so does one whose connections may not move.
  private func scale(_ name: String, _ dataplane: Dataplane, to count: Int) {
    if scalings[name]?.count != count { scalings[name] = CoreScaling(dataplane, to: count) }
  }

  private func goOnScaling() {
    for (name, scaling) in scalings {
      if dataplanes[name] == nil { scalings[name] = nil }
      _ = try? scaling.step()
    }
  }
}
