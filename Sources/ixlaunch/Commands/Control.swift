import ArgumentParser
import ControlPlane
import Foundation
import Image

/// `ixlaunch control`: gives the host's cores to dataplanes as their load asks for.
struct Control: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Divide the host's cores among dataplanes and a background job as load changes.",
    discussion: """
      Dataplanes that end or start meanwhile are noticed. When this ends, in whatever way, they go \
      on with what they have; started again, it finds them.
      """)

  @Argument(help: "A configuration, as Images/control.yaml.", completion: .file())
  var configuration: String

  @Option(help: "End after so many seconds.")
  var seconds: Double?

  @Flag(help: "Print one JSON object for each tick, one a line.")
  var json = false

  func run() throws {
    guard let text = try? String(contentsOfFile: configuration, encoding: .utf8) else {
      throw LaunchError(.usage, configuration, "it cannot be read", remedy: "name another file")
    }
    let parsed = try ControlConfiguration(parsing: text, file: configuration)
    let signals = try ChildProcess.openSignals()
    let loop = try ControlLoop(parsed, in: RunDirectory())
    defer { loop.release() }
    let deadline = seconds.map { Date(timeIntervalSinceNow: $0) } ?? .distantFuture
    var shown: [String: [Int]]?
    while Date() < deadline, !ChildProcess.hasSignal(signals) {
      let step = loop.tick()
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(step), as: UTF8.self))
        fflush(nil)
      } else if step.dataplanes != shown {
        show(step)
      }
      shown = step.dataplanes
      usleep(UInt32(parsed.constants.tickMilliseconds) * 1000)
    }
  }

  private func show(_ step: ControlLoop.Step) {
    let parts = step.dataplanes.sorted { $0.key < $1.key }.map {
      "\($0.key) on \($0.value.isEmpty ? "no core" : ProcessorSet.list($0.value))"
    }
    let rest = step.background.isEmpty ? "nothing" : ProcessorSet.list(step.background)
    let time = (step.seconds * 10).rounded() / 10
    print("\(time) s: \((parts + ["left over: \(rest)"]).joined(separator: ", "))")
    fflush(nil)
  }
}
