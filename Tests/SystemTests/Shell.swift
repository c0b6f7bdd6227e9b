import Foundation

/// Output and status of a finished program.
struct Finished {
  let status: Int32
  /// Standard output and standard error, in the order they were written.
  let output: String
}

/// The checkout, found from this file.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// What `make build` left.
func product(_ path: String) -> String { packageRoot.appendingPathComponent(".build/\(path)").path }

/// Runs a program found in PATH to its end, at most `seconds` long.
@discardableResult
func shell(_ arguments: [String], seconds: Double = 60) throws -> Finished {
  let running = try Running(arguments)
  return running.finish(within: seconds)
}

/// A program that runs beside the test; ended with it.
final class Running: @unchecked Sendable {
  private let process = Process()
  private let lock = NSCondition()
  private var collected = Data()
  private var isAtEnd = false

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = packageRoot
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    pipe.fileHandleForReading.readabilityHandler = { [self] handle in
      let data = handle.availableData
      lock.lock()
      collected.append(data)
      if data.isEmpty {
        isAtEnd = true
        handle.readabilityHandler = nil
      }
      lock.broadcast()
      lock.unlock()
    }
    try Self.withoutBlockedSignals { try process.run() }
  }

  /// Programs begin with what their parent's thread blocks, and threads of a test block nearly
  /// everything: without this, no program could be interrupted.
  private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var identifier: Int32 { process.processIdentifier }

  var output: String {
    lock.lock()
    defer { lock.unlock() }
    return String(decoding: collected, as: UTF8.self)
  }

  /// Waits until the output contains `text`; false when the program ended or the time is over.
  func waitFor(_ text: String, seconds: Double = 20) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    lock.lock()
    defer { lock.unlock() }
    while !String(decoding: collected, as: UTF8.self).contains(text) {
      guard !isAtEnd, lock.wait(until: deadline) else { return false }
    }
    return true
  }

  func interrupt() { kill(process.processIdentifier, SIGINT) }

  /// Waits for the end; a program that takes longer than `seconds` is killed.
  @discardableResult
  func finish(within seconds: Double = 20) -> Finished {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while process.isRunning, Date() < deadline { usleep(5_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    lock.lock()
    while !isAtEnd, lock.wait(until: Date(timeIntervalSinceNow: 2)) {}
    lock.unlock()
    return Finished(status: process.terminationStatus, output: output)
  }
}
