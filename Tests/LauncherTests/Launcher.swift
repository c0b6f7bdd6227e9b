import Foundation
import ImageFixtures

/// The built `ixlaunch` beside this test bundle, in a folder of its own with a QEMU that a test wrote.
final class Launcher {
  struct Finished {
    let status: Int32
    let output: String
    let errors: String
  }

  let directory: URL
  /// Where its dataplanes are found.
  var runDirectory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("ixlaunch-\(UUID().uuidString)")
    runDirectory = directory.appendingPathComponent("run")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try write("echo.elf", Data(try Fixtures.image()))
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  func write(_ name: String, _ data: Data) throws {
    try data.write(to: directory.appendingPathComponent(name))
  }

  /// A shell script in place of qemu-system-x86_64.
  func writeEmulator(_ script: String) throws {
    try write("qemu-system-x86_64", Data("#!/bin/sh\n\(script)\n".utf8))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: path("qemu-system-x86_64"))
  }

  /// The program itself.
  static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("ixlaunch")

  /// Starts it, or what a shell makes of `script`, whose arguments are then the launcher's path and
  /// `arguments`.
  func start(
    _ arguments: [String], script: String? = nil, output: Any?, errors: Any?
  ) throws -> Process {
    let process = Process()
    process.executableURL = script == nil ? Self.program : URL(fileURLWithPath: "/bin/sh")
    process.arguments = (script.map { ["-c", $0, Self.program.path] } ?? []) + arguments
    process.currentDirectoryURL = directory
    process.environment = [
      "PATH": "\(directory.path):/usr/sbin:/usr/bin:/sbin:/bin",
      "IX_RUN_DIRECTORY": runDirectory.path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return process
  }

  func run(_ arguments: String...) throws -> Finished { try run(arguments) }

  func run(_ arguments: [String], script: String? = nil) throws -> Finished {
    let files = try ["out", "err"].map { name in
      try write(name, Data())
      return try FileHandle(forWritingTo: directory.appendingPathComponent(name))
    }
    let process = try start(arguments, script: script, output: files[0], errors: files[1])
    process.waitUntilExit()
    return Finished(
      status: process.terminationStatus, output: try text("out"), errors: try text("err"))
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
  }

  /// Processes that were started in its folder, and still run.
  var processes: [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.filter { process in
      let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
      return place == directory.path
    }
  }

  /// What a run should not leave: processes, with what only they hold (memory, huge pages, places on a
  /// tap); names that were taken; sockets.
  func remains() throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: runDirectory.path)) ?? []
    let sockets = try String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
      .split(separator: "\n").filter { $0.contains(directory.path) }
    return processes.map { "process \($0)" } + names + sockets.map { String($0) }
  }

  /// Waits until `condition` holds, at most ten seconds.
  func waits(until condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<1000 {
      if try condition() { return true }
      usleep(10_000)
    }
    return false
  }
}
