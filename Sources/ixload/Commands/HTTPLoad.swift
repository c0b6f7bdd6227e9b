import ArgumentParser

/// GETs of one resource over connections that are kept.
struct HTTPLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http", abstract: "GETs of one HTTP/1.1 resource, every body compared.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var pace: PaceOptions
  @Option(help: "What to get.") var path = "/"

  func run() throws {
    let target = try connection.target(port: 80)
    var engine = try Engine(connection, to: target, HTTPWorkload(path: path, host: "\(target)"))
    try pace.run(&engine, named: "http")
  }
}
