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
  var runDirectory: URL { directory.appendingPathComponent("run") }

  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("ixlaunch-\(UUID().uuidString)")
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

  func start(_ arguments: [String], output: Any?, errors: Any?) throws -> Process {
    let process = Process()
    let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    process.executableURL = products.appendingPathComponent("ixlaunch")
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = [
      "PATH": "\(directory.path):/usr/bin:/bin", "IX_RUN_DIRECTORY": runDirectory.path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return process
  }

  func run(_ arguments: String...) throws -> Finished { try run(arguments) }

  func run(_ arguments: [String]) throws -> Finished {
    let files = try ["out", "err"].map { name in
      try write(name, Data())
      return try FileHandle(forWritingTo: directory.appendingPathComponent(name))
    }
    let process = try start(arguments, output: files[0], errors: files[1])
    process.waitUntilExit()
    return Finished(
      status: process.terminationStatus, output: try text("out"), errors: try text("err"))
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
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
