import Foundation
import IXABI
import Image

/// A running dataplane that can be watched and steered from any process of its user. Nothing here
/// needs its launcher.
package final class Dataplane: Sendable {
  package let name: String
  package let record: DataplaneRecord
  package let page: ControlPage
  private let folder: String

  /// Finds the dataplane and checks its control page.
  package init(_ name: String, in directory: RunDirectory = RunDirectory()) throws(ControlError) {
    let folder = directory.folder(of: name)
    guard let record = DataplaneRecord(in: folder) else {
      throw ControlError(name, "there is no dataplane of this name", remedy: "see: ixlaunch list")
    }
    guard record.state.isRunning else {
      throw ControlError(
        name, "it has ended", remedy: "see its console: ixlaunch logs \(name)")
    }
    self.name = name
    self.record = record
    self.folder = folder
    guard let path = record.memoryPath ?? guestMemoryPath(of: record.monitor.identifier),
      let memory = GuestMemory(path: path)
    else {
      throw ControlError(
        name, "its memory cannot be mapped", remedy: "be the user who started it")
    }
    do throws(ControlPage.Absence) {
      page = try ControlPage(memory)
    } catch {
      switch error {
      case .notThere: throw ControlError(name, "it has not started yet", remedy: "try again")
      case .version(let version):
        throw ControlError(
          name, "its control page is of version \(version)",
          remedy: "use the launcher its image was built with")
      case .malformed: throw ControlError(name, "its control page is damaged")
      }
    }
  }

  /// Gives a command to one core and waits for what comes of it, at most `seconds`: a core that
  /// sleeps looks forty times a second.
  @discardableResult
  package func command(
    _ operation: ControlOperation, _ arguments: [UInt64] = [], core: Int = 0, seconds: Double = 2
  ) throws(ControlError) -> Status {
    // The kernel serves one writer; this keeps others of us out.
    let lock = FileLock(path: "\(folder)/commands.lock", waits: true)
    defer { withExtendedLifetime(lock) {} }
    let deadline = Date(timeIntervalSinceNow: seconds)
    var number: UInt64?
    while Date() < deadline {
      if number == nil { number = page.give(operation, arguments, core: core) }
      if let number, let status = page.result(number, core: core) { return status }
      guard record.monitor.isAlive else {
        throw ControlError(name, "it has ended", remedy: "see: ixlaunch logs \(name)")
      }
      usleep(1_000)
    }
    throw ControlError(
      name, "it does not answer", remedy: "see its last words: ixlaunch logs \(name)")
  }

  /// The same, where anything but success is an error.
  package func require(
    _ operation: ControlOperation, _ arguments: [UInt64] = [], core: Int = 0
  ) throws(ControlError) {
    let status = try command(operation, arguments, core: core)
    guard status == .ok else {
      throw ControlError("\(name): \(operation)", "the dataplane refuses: \(status)")
    }
  }

  /// The command for every core.
  package func requireOnAllCores(
    _ operation: ControlOperation, _ arguments: [UInt64] = []
  ) throws(ControlError) {
    for core in 0..<page.coreCount { try require(operation, arguments, core: core) }
  }

  /// Asks for the end, and waits for it: the guest first, then its monitor by SIGTERM, at last by
  /// SIGKILL. `seconds` for each.
  package func stop(seconds: Double = 2) {
    if (try? command(.stop, seconds: seconds)) != nil, waitForEnd(seconds: seconds) { return }
    // A launcher hands SIGTERM on and reports the end.
    let process = record.launcher.isAlive ? record.launcher : record.monitor
    kill(process.identifier, SIGTERM)
    if waitForEnd(seconds: seconds) { return }
    kill(record.monitor.identifier, SIGKILL)
    _ = waitForEnd(seconds: seconds)
  }

  private func waitForEnd(seconds: Double) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while record.monitor.isAlive || record.launcher.isAlive {
      guard Date() < deadline else { return false }
      usleep(5_000)
    }
    return true
  }
}
