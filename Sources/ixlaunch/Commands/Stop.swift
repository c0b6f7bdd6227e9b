import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch stop`: ends dataplanes.
struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End dataplanes, and forget those that have ended.")

  @Argument(help: "The dataplanes' names.")
  var names: [String]

  @Flag(help: "Print one JSON object for each.")
  var json = false

  private struct Result: Encodable {
    let name: String
    /// "stopped" or "forgotten".
    let outcome: String
  }

  func run() throws {
    let directory = RunDirectory()
    for name in names {
      guard let record = DataplaneRecord(in: directory.folder(of: name)) else {
        throw ControlError(
          name, "there is no dataplane of this name", remedy: "see: ixlaunch list")
      }
      if record.state.isRunning {
        try end(name, record, in: directory)
        try report(name, "stopped", "stopped")
      } else {
        try report(name, "forgotten", "had ended; forgotten")
      }
      directory.forget(name)
    }
  }

  private func report(_ name: String, _ outcome: String, _ text: String) throws {
    print(json ? try encodedAsJSON(Result(name: name, outcome: outcome)) : "\(name): \(text)")
  }

  private func end(_ name: String, _ record: DataplaneRecord, in directory: RunDirectory) throws {
    do {
      try Dataplane(name, in: directory).stop()
    } catch {
      // It shows nothing, or not yet: its launcher ends it as Ctrl-C would.
      let process = record.launcher.isAlive ? record.launcher : record.monitor
      kill(process.identifier, SIGTERM)
      let deadline = Date(timeIntervalSinceNow: 6)
      while record.monitor.isAlive, Date() < deadline { usleep(5_000) }
    }
    guard !record.monitor.isAlive else {
      throw ControlError(
        name, "process \(record.monitor.identifier) does not end", remedy: "look at its state")
    }
  }
}
