import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch logs`: the console of a dataplane.
struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the console of a dataplane that runs, or has ended.")

  @Argument(help: "The dataplane's name.")
  var name: String

  @Option(help: "Only the last lines.")
  var lines: Int?

  @Flag(name: .shortAndLong, help: "Go on while the dataplane runs.")
  var follow = false

  @Flag(help: "Print one JSON array of lines.")
  var json = false

  func validate() throws {
    guard !(follow && json) else { throw ValidationError("--follow has no end for --json") }
  }

  func run() throws {
    let folder = RunDirectory().folder(of: name)
    guard DataplaneRecord(in: folder) != nil else {
      throw ControlError(name, "there is no dataplane of this name", remedy: "see: ixlaunch list")
    }
    var shown = Console.lines(in: folder)
    let first = lines.map { Array(shown.suffix(max(0, $0))) } ?? shown
    if json { return print(try encodedAsJSON(first)) }
    for line in first { print(line) }
    while follow, DataplaneRecord(in: folder)?.state.isRunning ?? false {
      fflush(nil)
      usleep(100_000)
      let now = Console.lines(in: folder)
      for line in now.dropFirst(shown.count) { print(line) }
      shown = now
    }
  }
}
