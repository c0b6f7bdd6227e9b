import ArgumentParser
import Foundation

/// `ixlaunch new`: a package for an application image of one's own.
struct New: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a package for a custom application image.")

  @Argument(help: "The application's name; the package goes into a folder of that name.")
  var name: String

  @Option(
    help: "The checkout of IX to build with. (default: the one this program was built in)",
    completion: .directory)
  var ix: String?

  func run() throws {
    let template = try PackageTemplate(name: name, checkout: SourceTree.checkout(ix))
    try template.write(to: URL(fileURLWithPath: name))
    print("\(name): made; next: ixlaunch run \(name)/\(name).yaml")
  }
}
