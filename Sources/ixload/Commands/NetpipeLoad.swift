import ArgumentParser

/// Ping-pong over one connection with messages of growing size, as NetPIPE does it (Snell, Mikler
/// and Gustafson, 1996): any echo server is the other side.
struct NetpipeLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "netpipe", abstract: "Ping-pong with sizes doubling from --from to --to bytes.")

  @OptionGroup var connection: ConnectionOptions
  @Option(help: "First size, in bytes.") var from = 1
  @Option(help: "Last size, in bytes.") var to = 1 << 20
  @Option(help: "Seconds for each size.") var seconds = 0.5
  @Flag(help: "Prints one JSON object for each size.") var json = false

  func validate() throws {
    guard from > 0, to >= from, seconds > 0, connection.connections == 1 else {
      throw ValidationError("sizes must be positive and in order, on one connection")
    }
  }

  func run() throws {
    let target = try connection.target(port: 5002)
    var size = from
    while size <= to {
      let workload = EchoWorkload(sizes: size...size, seed: connection.seed)
      var engine = try Engine(connection, to: target, workload)
      let record = try engine.run(Pace(limit: nil, seconds: seconds, concurrency: 1))
      var figures = Figures()
      figures.add("workload", "netpipe")
      figures.add("size", size)
      figures.add("trips", record.finished)
      // One way, as is usual for ping-pong: half of a round trip.
      figures.add("p50us", record.microseconds(50) / 2, digits: 1)
      figures.add("mbits", record.rate * 2 * Double(size) * 8 / 1e6, digits: 1)
      figures.show(json: json)
      engine.closeAll()
      size *= 2
    }
  }
}
