import ArgumentParser

/// Messages of random bytes that must come back as they are. With `--per-connection 1` this is
/// connection churn, with many connections and few `--active` ones it is connection scaling.
struct EchoLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Echo over many connections, byte-exact.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var pace: PaceOptions
  @Option(help: "Smallest message, in bytes.") var minimumSize = 64
  @Option(help: "Largest message, in bytes.") var maximumSize = 64

  func validate() throws {
    guard minimumSize > 0, maximumSize >= minimumSize else {
      throw ValidationError("sizes must be positive and in order")
    }
  }

  func run() throws {
    let workload = EchoWorkload(sizes: minimumSize...maximumSize, seed: connection.seed)
    var engine = try Engine(connection, to: connection.target(port: 7), workload)
    try pace.run(&engine, named: "echo")
  }
}
