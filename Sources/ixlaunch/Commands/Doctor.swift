import ArgumentParser
import Foundation
import Image

/// `ixlaunch doctor`: what this host can do, and what `run` would use and why.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this host can do, and what `run` would use and why.")

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let report = HostReport(HostFacts.everything())
    print(json ? try encodedAsJSON(report) : report.text)
  }
}
