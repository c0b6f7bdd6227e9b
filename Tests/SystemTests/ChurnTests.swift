import Foundation
import Testing

/// Connections that come and go on the booted image.
@Suite(.serialized) struct ChurnTests {
  /// Connections for each way to close them; a million take a few minutes: IX_CYCLES.
  private static let cycleCount =
    ProcessInfo.processInfo.environment["IX_CYCLES"].flatMap { Int($0) } ?? 10_000

  /// What a core has of everything that a connection takes.
  private static func resources(of guest: Watched) throws -> [String: Int] {
    let numbers = try guest.numbers()
    let names = ["connections", "free_connections", "free_send_elements", "running_timers"]
    var resources = numbers.filter { names.contains($0.key) }
    // The card gets new buffers a few at a time: what it has now is a matter of chance.
    resources["held_buffers"] =
      numbers["buffers", default: 0] - numbers["free_buffers", default: 0]
      - numbers["posted_buffers", default: 0]
    return resources
  }

  /// Connect, echo, close: whoever closes and however, nothing is left of a connection.
  @Test(.enabled(if: Namespace.isAvailable), arguments: ["fin", "rst"])
  func nothingIsLeftOfConnections(closing: String) throws {
    let namespace = try Namespace()
    // Ports are used again after a second instead of a minute.
    try namespace.run(["sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1"])
    let echo = try Watched("echo", in: namespace)
    // The first connections and the address resolution take what is kept for good.
    try Self.load(namespace, cycles: 200, closing: closing)
    let before = try Self.atRest(echo)
    #expect(before.count == 5 && before["held_buffers"] == 0, "\(before)")
    try Self.load(namespace, cycles: Self.cycleCount, closing: closing)
    let after = try Self.atRest(echo)
    #expect(after == before, "\(before) became \(after)")
    let numbers = try echo.numbers()
    #expect(numbers["tcp_passive_opens", default: 0] >= Self.cycleCount + 200)
    #expect(echo.guest.stop().status == 0)
  }

  private static func load(_ namespace: Namespace, cycles: Int, closing: String) throws {
    let load = try namespace.run(
      EchoTests.load([
        "--address", Namespace.guestAddress, "--connections", "16", "--per-connection", "1",
        "--closing", closing, "--messages", "\(cycles)",
      ]), seconds: 900)
    #expect(load.status == 0, "\(load.output)")
  }

  /// What there is when no connection is left.
  private static func atRest(_ guest: Watched) throws -> [String: Int] {
    var resources = try resources(of: guest)
    for _ in 0..<200 where resources["connections"] != 0 || resources["running_timers"] != 0 {
      usleep(100_000)
      resources = try Self.resources(of: guest)
    }
    return resources
  }
}
