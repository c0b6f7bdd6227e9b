import ArgumentParser
import Foundation
import Image
import Logging

/// Builds, runs, watches and steers dataplane images.
@main
struct IXLaunch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ixlaunch",
    abstract: "Build, run, watch and steer IX dataplane images.",
    discussion: """
      Exit status: 0 clean, 1 the application failed, 2 wrong usage, 3 this host or image cannot, \
      4 the guest kernel failed.
      """,
    version: "0.1.0",
    subcommands: [
      Build.self, New.self, Run.self, Inspect.self, Doctor.self, List.self, Stats.self, Top.self,
      Logs.self, Stop.self, Tune.self, Capture.self, Metrics.self, Scale.self, Migrate.self,
      Control.self,
    ])

  static func main() {
    LoggingSystem.bootstrap(StandardErrorLog.init)
    do {
      var command = try parse()
      try command.run()
      if let reason = Output.flushPrinted() {
        throw LaunchError(.hostCannot, "standard output", reason)
      }
    } catch {
      Foundation.exit(status(reporting: error).rawValue)
    }
  }

  /// The command of this process. To make the parser of all of them takes a quarter of the time from
  /// `run` to the start of its machine; what `run` alone does not understand is for that one, too.
  private static func parse() throws -> any ParsableCommand {
    let words = CommandLine.arguments.dropFirst()
    if words.first == "run",
      let run = try? Run.parse(Array(words.dropFirst()))
    {
      return run
    }
    return try parseAsRoot()
  }

  /// Prints what a person needs to know about `error` and chooses the exit status.
  private static func status(reporting error: any Error) -> LauncherStatus {
    switch error {
    case let ended as GuestEnded:
      return ended.status
    case let error as LaunchError:
      report(error)
      return error.status
    case let error as ManifestError:
      report(error)
      return .usage
    case let error as any Explained:
      report(error)
      return .hostCannot
    default:
      guard exitCode(for: error) != .success else { exit(withError: error) }
      report(text: message(for: error))
      return .usage
    }
  }

  private static func report(_ error: any Explained) { report(text: error.description) }

  private static func report(text: String) {
    Output.errors.write(line: "ixlaunch: \(text)")
  }
}
