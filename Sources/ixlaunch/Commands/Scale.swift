import ArgumentParser
import ControlPlane

/// `ixlaunch scale`: how many of the host's cores a dataplane may use.
struct Scale: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a dataplane run on so many of the host's cores.",
    discussion: """
      The first cores that this process may use are meant; `ixlaunch control` chooses them so that \
      dataplanes do not meet.
      """)

  @Argument(help: "The dataplane's name.")
  var name: String

  @Argument(help: "Cores of the host.")
  var cores: Int

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Result: Encodable {
    let name: String
    let cores: [Int]
  }

  func run() throws {
    let dataplane = try Dataplane(name)
    let available = ProcessorSet.ours
    guard (1...available.count).contains(cores) else {
      throw LaunchError(
        .usage, "\(cores)", "this process may use \(available.count) cores",
        remedy: "give 1 to \(available.count)")
    }
    let given = Array(available.prefix(cores))
    guard ProcessorSet.confine(dataplane.record.monitor.identifier, to: given) else {
      throw ControlError(name, "its cores cannot be changed", remedy: "be the user who started it")
    }
    print(
      json
        ? try encodedAsJSON(Result(name: name, cores: given))
        : "\(name): on \(ProcessorSet.list(given))")
  }
}
