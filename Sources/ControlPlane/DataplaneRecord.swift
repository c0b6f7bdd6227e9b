import Foundation

/// What is known about a dataplane beside what its control page says.
package struct DataplaneRecord: Codable, Equatable, Sendable {
  package var name: String
  package var image: String
  /// "QEMU with TCG", "KVM".
  package var monitorKind: String
  package var cores: Int
  package var memory: String
  /// Where it answers, as a person is told.
  package var answer: String
  /// Runs the guest.
  package var monitor: ProcessIdentity
  /// `ixlaunch run`, which may be the same process.
  package var launcher: ProcessIdentity
  /// Seconds since 1970.
  package var startedAt: Double
  /// A file that is the guest's memory; nil when it is not to be had.
  package var memoryPath: String?
  /// The exit status of its launcher, once it has ended.
  package var exitStatus: Int32?

  package init(
    name: String, image: String, monitorKind: String, cores: Int, memory: String, answer: String,
    monitor: ProcessIdentity, launcher: ProcessIdentity, startedAt: Double
  ) {
    self.name = name
    self.image = image
    self.monitorKind = monitorKind
    self.cores = cores
    self.memory = memory
    self.answer = answer
    self.monitor = monitor
    self.launcher = launcher
    self.startedAt = startedAt
  }

  /// Reads a dataplane's folder; nil when there is no record in it.
  package init?(in folder: String) {
    guard let data = FileManager.default.contents(atPath: "\(folder)/state.json"),
      let record = try? JSONDecoder().decode(Self.self, from: data)
    else { return nil }
    self = record
  }

  package enum State: String, Codable, Sendable {
    case running
    /// The guest runs, but its launcher is gone: nobody keeps its console.
    case orphaned
    case ended
    /// Everything is gone, and nobody has said why.
    case crashed

    package var isRunning: Bool { self == .running || self == .orphaned }
  }

  package var state: State {
    if exitStatus != nil { return .ended }
    guard monitor.isAlive else { return .crashed }
    return launcher.isAlive ? .running : .orphaned
  }
}
