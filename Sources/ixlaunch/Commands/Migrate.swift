import ArgumentParser
import ControlPlane

/// `ixlaunch migrate`: which core serves which flows.
struct Migrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Move flow groups of a running dataplane from one of its cores to another.",
    discussion: """
      A flow group is an entry of the indirection table: all flows whose hash selects it, with their \
      connections. Which core has which: ixlaunch stats NAME --json.
      """)

  @Argument(help: "The dataplane's name.")
  var name: String

  @Argument(help: "Flow groups, as 5 or 0-31, or all.")
  var groups: String

  @Argument(help: "The core that has them.")
  var from: Int

  @Argument(help: "The core that gets them.")
  var to: Int

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Result: Encodable {
    let name: String
    let from: Int
    let to: Int
    let arrived: [Int]
  }

  func run() throws {
    guard let range = Self.range(groups) else {
      throw LaunchError(
        .usage, groups, "this is no range of flow groups", remedy: "give 0 to 127, as 5 or 0-31")
    }
    let dataplane = try Dataplane(name)
    for core in [from, to] where !(0..<dataplane.page.coreCount).contains(core) {
      throw LaunchError(
        .usage, "core \(core)", "\(name) has cores 0 to \(dataplane.page.coreCount - 1)")
    }
    let arrived = try dataplane.migrate(FlowGroupMove(groups: range, from: from, to: to))
    print(
      json
        ? try encodedAsJSON(Result(name: name, from: from, to: to, arrived: arrived))
        : "\(name): \(arrived.count) flow groups went from core \(from) to core \(to)")
  }

  static func range(_ text: String) -> ClosedRange<Int>? {
    if text == "all" { return 0...127 }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1],
      (0...127).contains(first), (first...127).contains(last)
    else { return nil }
    return first...last
  }
}
