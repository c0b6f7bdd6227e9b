import ControlPlane
import Foundation

/// A program this launcher calls.
struct Tool {
  let path: String

  /// Finds `name` in PATH, or throws with the way to get it.
  init(_ name: String, from package: String) throws {
    guard let path = Self.find(name) else {
      throw LaunchError(
        .hostCannot, name, "it is not installed", remedy: "install it: \(package)")
    }
    self.path = path
  }

  /// The first executable called `name` in the directories of PATH.
  static func find(_ name: String) -> String? {
    let directories = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return directories.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A program of this package: beside this one, where the build leaves all of them, or in PATH.
  static func findSibling(_ name: String) -> String? {
    let here = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = here.deletingLastPathComponent().appendingPathComponent(name).path
    return FileManager.default.isExecutableFile(atPath: beside) ? beside : find(name)
  }

  static func sibling(_ name: String) throws(LaunchError) -> String {
    if let path = findSibling(name) { return path }
    throw LaunchError(
      .hostCannot, name, "it is not built",
      remedy: "build it: swift build -c release --product \(name)")
  }

  /// The path of `name` below the tool's share directory; nil if there is no such file.
  func dataFile(_ name: String) -> String? {
    let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "share/\(name)")
    return FileManager.default.fileExists(atPath: file.path) ? file.path : nil
  }

  struct Result {
    let status: Int32
    /// Standard output and standard error together, in order.
    let output: Data
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Runs it to its end in `directory`.
  func run(_ arguments: [String], in directory: URL) throws -> Result {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    do {
      try process.run()
    } catch {
      throw LaunchError(.hostCannot, path, "it cannot be started: \(reason(of: error))")
    }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: output)
  }
}
