import ArgumentParser
import ControlPlane
import Glibc

/// `ixlaunch scale`: how many cores serve, and of the host's cores, how many.
struct Scale: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a dataplane serve with so many cores; the others are parked.",
    discussion: """
      Flow groups move with their connections to the cores that serve, and nobody's bytes are lost. The \
      process gets as many of the host's cores, the first that this process may use; `ixlaunch control` \
      chooses them so that dataplanes do not meet.
      """)

  @Argument(help: "The dataplane's name.")
  var name: String

  @Argument(help: "Cores that serve.")
  var cores: Int

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Result: Encodable {
    let name: String
    /// Of the host.
    let cores: [Int]
    /// Of the dataplane.
    let serving: Int
    let parked: Int
  }

  func run() throws {
    let dataplane = try Dataplane(name)
    let available = ProcessorSet.ours
    let limit = max(available.count, dataplane.page.coreCount)
    guard (1...limit).contains(cores) else {
      throw LaunchError(
        .usage, "\(cores)",
        "\(name) has \(dataplane.page.coreCount) cores, and this process may use \(available.count)",
        remedy: "give 1 to \(limit)")
    }
    let scaling = CoreScaling(dataplane, to: cores)
    let isDone = try settle(scaling)
    let given = Array(available.prefix(cores))
    guard ProcessorSet.confine(dataplane.record.monitor.identifier, to: given) else {
      throw ControlError(name, "its cores cannot be changed", remedy: "be the user who started it")
    }
    let parked = dataplane.page.coreCount - scaling.count
    print(
      json
        ? try encodedAsJSON(
          Result(name: name, cores: given, serving: scaling.count, parked: parked))
        : "\(name): on \(ProcessorSet.list(given)); \(scaling.count) serve, \(parked) parked")
    guard isDone else {
      throw ControlError(
        name, "some flow groups have stayed where they were",
        remedy: "their peers do not answer, or its application lets no connection go; try again")
    }
  }

  /// At most three seconds.
  private func settle(_ scaling: CoreScaling) throws -> Bool {
    for _ in 0..<150 {
      if try scaling.step() { return true }
      usleep(20_000)
    }
    return false
  }
}
