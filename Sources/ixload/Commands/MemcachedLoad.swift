import ArgumentParser

/// A mix of GETs and SETs like one of Facebook's, every value compared.
struct MemcachedLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memcached", abstract: "GETs and SETs of a memcached server, values compared.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var pace: PaceOptions
  @Option(help: "Mix of requests: usr, etc or get.") var mix = MemcachedMix.Name.usr
  @Option(help: "Protocol: text or binary.") var format = MemcachedFormat.text
  @Option(help: "Keys, chosen uniformly.") var keys = 10_000
  @Option(help: "Share of GETs; default: the mix's own.") var getShare: Double?

  func validate() throws {
    guard keys > 0, 0...1 ~= getShare ?? 0 else {
      throw ValidationError("keys must be positive and a share within 0...1")
    }
  }

  func run() throws {
    var mix = MemcachedMix(named: mix)
    if let getShare { mix.getShare = getShare }
    let workload = MemcachedWorkload(
      mix, keyCount: keys, seed: connection.seed, format: format)
    var engine = try Engine(connection, to: connection.target(port: 11211), workload)
    // Every key is set once before anything is measured.
    let concurrency = min(keys, connection.connections)
    _ = try engine.run(Pace(limit: keys, seconds: 600, concurrency: concurrency))
    engine.workload.isFilled = true
    try pace.run(&engine, named: "memcached-\(self.mix.rawValue)")
  }
}

extension MemcachedMix.Name: ExpressibleByArgument {}
extension MemcachedFormat: ExpressibleByArgument {}
