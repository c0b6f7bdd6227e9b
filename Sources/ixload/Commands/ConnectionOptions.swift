import ArgumentParser

/// Where to connect, how often and from where.
struct ConnectionOptions: ParsableArguments {
  /// How a connection that has had its exchanges ends.
  enum Closing: String, ExpressibleByArgument {
    case finish = "fin"
    case reset = "rst"
  }

  @Option(help: "IPv4 address of the server.") var address = "127.0.0.1"
  @Option(help: "Port of the server; default: the protocol's own.") var port: UInt16?
  @Option(help: "Connections at the same time.") var connections = 1
  @Option(help: "Own addresses to connect from, FIRST-LAST.") var sources: String?
  @Option(help: "Connections being opened at one time.") var opening = 128
  @Option(help: "Exchanges after which a connection is closed and opened anew.")
  var perConnection: Int?
  @Option(help: "How such a connection is closed: fin or rst.") var closing = Closing.finish
  @Option(help: "Gives up after this many seconds without a byte.") var patience: Int32 = 10
  @Option(help: "Seed of everything random.") var seed: UInt64 = 1

  func validate() throws {
    guard connections > 0, opening > 0, perConnection ?? 1 > 0, patience > 0 else {
      throw ValidationError("connections, exchanges and patience must be positive")
    }
  }

  func target(port usual: UInt16) throws(LoadError) -> Endpoint {
    try Endpoint(address, port: port ?? usual)
  }
}
