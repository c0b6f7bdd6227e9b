import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch stats`: every number a dataplane shows.
struct Stats: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the numbers a dataplane shows; reading them costs it nothing.")

  @Argument(help: "The dataplane's name.")
  var name: String

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let dataplane = try Dataplane(name)
    guard let cores = dataplane.page.snapshots() else {
      throw ControlError(name, "it does not answer", remedy: "see: ixlaunch logs \(name)")
    }
    if json { return print(try encodedAsJSON(DataplaneReport(name, cores))) }
    for core in cores {
      print("core \(core.index): \(core.state)")
      let counters = zip(Names.counters, core.counters).map { ($0, $1) }
      let gauges = zip(Names.gauges, core.gauges).map { ($0, $1) }
      let drops = core.dropsByReason.map { ("drops_\($0.name)", $0.count) }
      for (name, value) in gauges + counters + drops where value > 0 {
        print("  \(ImageReport.padded(name, to: 40))\(value)")
      }
    }
  }
}
