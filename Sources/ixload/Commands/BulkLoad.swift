import ArgumentParser

/// One direction at full speed. Up: to a server that discards (RFC 863) and closes when it has read
/// to the end. Down: from a server that sends without an end on connecting (as RFC 864, with byte n
/// of the stream equal to n modulo 256).
struct BulkLoad: ParsableCommand {
  enum Direction: String, ExpressibleByArgument { case up, down }

  static let configuration = CommandConfiguration(
    commandName: "bulk", abstract: "Bulk data in one direction; what comes down is compared.")

  @OptionGroup var connection: ConnectionOptions
  @Argument(help: "up, to the server, or down, from it.") var direction: Direction
  @Option(help: "Seconds of it.") var seconds = 5.0
  @Flag(help: "Prints one JSON object.") var json = false

  func run() throws {
    let target = try connection.target(port: direction == .up ? 9 : 19)
    var flows = try BulkEngine(connection, to: target, direction)
    try flows.run(seconds: seconds)
    var figures = Figures()
    figures.add("workload", "bulk-\(direction.rawValue)")
    figures.add("connections", connection.connections)
    figures.add("bytes", flows.byteCount)
    figures.add("seconds", flows.seconds, digits: 3)
    figures.add("mbits", Double(flows.byteCount) * 8 / flows.seconds / 1e6, digits: 1)
    figures.show(json: json)
  }
}
