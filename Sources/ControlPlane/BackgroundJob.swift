import Foundation

/// A command that runs on the cores dataplanes leave. It outlives the control plane, and a later
/// one finds it again by its record.
package final class BackgroundJob {
  private let identity: ProcessIdentity
  /// A cgroup with the cpuset controller; nil to set affinities.
  private let group: String?
  private var isStopped = false

  /// Goes on with the command of an earlier control plane if it runs still, or starts it.
  package init(command: String, group: String?, recordPath: String) throws {
    let record = URL(fileURLWithPath: recordPath)
    let identity: ProcessIdentity
    if let data = try? Data(contentsOf: record),
      let known = try? JSONDecoder().decode(ProcessIdentity.self, from: data), known.isAlive
    {
      identity = known
    } else {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command]
      process.standardInput = FileHandle.nullDevice
      try process.run()
      identity =
        ProcessIdentity(process.processIdentifier)
        ?? ProcessIdentity(identifier: process.processIdentifier, startTime: 0)
      try JSONEncoder().encode(identity).write(to: record, options: .atomic)
    }
    self.identity = identity
    self.group = group.flatMap { Self.join(identity.identifier, $0) ? $0 : nil }
  }

  package var identifier: Int32 { identity.identifier }
  package var isAlive: Bool { identity.isAlive }

  /// Gives it `cores` and no others; none stops it until there are some.
  package func confine(to cores: [Int]) {
    guard isAlive else { return }
    let family = [identity.identifier] + Self.descendants(of: identity.identifier)
    guard !cores.isEmpty else {
      for process in family { kill(process, SIGSTOP) }
      isStopped = true
      return
    }
    if let group {
      let list = Data(ProcessorSet.list(cores).utf8)
      try? list.write(to: URL(fileURLWithPath: "\(group)/cpuset.cpus"))
    } else {
      for process in family { ProcessorSet.confine(process, to: cores) }
    }
    if isStopped { for process in family { kill(process, SIGCONT) } }
    isStopped = false
  }

  /// Moves a process into a cgroup; false when that is not allowed.
  private static func join(_ process: Int32, _ group: String) -> Bool {
    (try? FileManager.default.createDirectory(
      atPath: group, withIntermediateDirectories: true)) != nil
      && (try? Data("\(process)".utf8).write(to: URL(fileURLWithPath: "\(group)/cgroup.procs")))
        != nil
  }

  /// Its children, theirs, and so on.
  private static func descendants(of process: Int32) -> [Int32] {
    let path = "/proc/\(process)/task/\(process)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let children = text.split(separator: " ").compactMap { Int32($0) }
    return children + children.flatMap { descendants(of: $0) }
  }
}
