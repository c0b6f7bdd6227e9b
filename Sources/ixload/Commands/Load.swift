import ArgumentParser

/// Load generators for dataplanes and whatever they are compared with.
@main
struct Load: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ixload", abstract: "Generates load and checks every byte of the answer.",
    subcommands: [
      EchoLoad.self, MemcachedLoad.self, HTTPLoad.self, BulkLoad.self, NetpipeLoad.self,
    ])
}
