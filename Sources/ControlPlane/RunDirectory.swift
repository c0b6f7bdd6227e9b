import Foundation
import Image

/// Where running dataplanes are found: a folder for each, by name, with what is known about it
/// (`state.json`), its console (`console.log`) and its socket.
package struct RunDirectory: Sendable {
  package let path: String

  /// `IX_RUN_DIRECTORY`, or the usual place for this user.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let path = environment["IX_RUN_DIRECTORY"], !path.isEmpty {
      self.path = path
    } else if geteuid() == 0 {
      path = "/run/ix"
    } else if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
      path = "\(runtime)/ix"
    } else {
      path = "/tmp/ix-\(geteuid())"
    }
  }

  package init(path: String) { self.path = path }

  package func folder(of name: String) -> String { "\(path)/\(name)" }

  /// All records, sorted by name, of dataplanes that run and of those that have ended and were not
  /// cleared away. Folders without a readable record are left out.
  package func records() -> [DataplaneRecord] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().compactMap { DataplaneRecord(in: folder(of: $0)) }
  }

  /// Takes `name` for a dataplane of this process; throws `NameInUse` while another one has it.
  /// What a run that crashed has left is cleared away.
  package func claim(_ name: String) throws -> RunFolder {
    let folder = folder(of: name)
    try checkOwner()
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ControlError(
        folder, "it cannot be made: \(reason(of: error))",
        remedy: "name another place by IX_RUN_DIRECTORY")
    }
    guard let lock = FileLock(path: "\(folder)/lock") else {
      throw NameInUse(name: name, record: DataplaneRecord(in: folder))
    }
    let record = DataplaneRecord(in: folder)
    if let record, record.state.isRunning { throw NameInUse(name: name, record: record) }
    let isStale = record.map { $0.state == .crashed } ?? false
    for file in ["state.json", "console.log", "socket"] {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    }
    return RunFolder(name: name, path: folder, lock: lock, wasStale: isStale)
  }

  /// Whoever can write there could make us believe anything: the place must be this user's alone.
  private func checkOwner() throws {
    let manager = FileManager.default
    try? manager.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let attributes = try? manager.attributesOfItem(atPath: path)
    let owner = (attributes?[.ownerAccountID] as? NSNumber)?.uint32Value
    let permissions = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
    guard owner == geteuid(), permissions & 0o022 == 0,
      attributes?[.type] as? FileAttributeType == .typeDirectory
    else {
      throw ControlError(
        path, "it is not a folder that only this user can write",
        remedy: "name another place by IX_RUN_DIRECTORY")
    }
  }

  /// The same; but where `name` is taken and `orAnother`, "name-2" or the next one that is not.
  package func claim(_ name: String, orAnother: Bool) throws -> RunFolder {
    do {
      return try claim(name)
    } catch let taken as NameInUse {
      guard orAnother else { throw taken }
      for number in 2...99 {
        if let folder = try? claim("\(name)-\(number)") { return folder }
      }
      throw taken
    }
  }

  /// Forgets a dataplane that has ended.
  package func forget(_ name: String) {
    try? FileManager.default.removeItem(atPath: folder(of: name))
  }
}

/// A name that this process has taken.
package struct RunFolder: Sendable {
  package let name: String
  package let path: String
  let lock: FileLock
  /// A run of this name had crashed.
  package let wasStale: Bool

  package var socketPath: String { "\(path)/socket" }
  package var consolePath: String { "\(path)/console.log" }

  /// Replaces what is known about the dataplane, at once. Returns why it cannot, nil when it has.
  package func write(_ record: DataplaneRecord) -> String? {
    do {
      let data = try JSONEncoder().encode(record)
      try data.write(to: URL(fileURLWithPath: "\(path)/state.json"), options: .atomic)
      return nil
    } catch {
      return "its state cannot be written: \(reason(of: error))"
    }
  }

  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Another dataplane has the name.
package struct NameInUse: Explained {
  package let name: String
  package let record: DataplaneRecord?

  package var thing: String { "--name \(name)" }
  package var reason: String {
    let process = record.map { " (process \($0.monitor.identifier))" } ?? ""
    return "a dataplane of this name is running\(process)"
  }
  package var remedy: String { "give it another --name, or end that one: ixlaunch stop \(name)" }
}

/// Why a running dataplane cannot be reached or does not do what it was asked.
package struct ControlError: Explained {
  package let thing: String
  package let reason: String
  package let remedy: String

  package init(_ thing: String, _ reason: String, remedy: String = "") {
    self.thing = thing
    self.reason = reason
    self.remedy = remedy
  }
}
