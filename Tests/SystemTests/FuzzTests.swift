import Foundation
import Testing

/// Random system calls from ring 3: `Tests/Applications/Fuzz`. Ten times as many take
/// `--args "seed=N count=10000000"` and a few minutes.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct FuzzTests {
  @Test func randomCallsAreErrorCodesAndTheKernelServesOn() throws {
    let namespace = try Namespace()
    let untouched = try resources(after: 1, in: namespace)
    let capture = try Capture(on: "tap0", in: namespace)
    let fuzz = try Watched("fuzz", in: namespace, arguments(count: 1_000_000))
    // Connections and datagrams for the calls to work on. Children of a test have SIGTERM blocked.
    let address = Namespace.guestAddress
    let script = """
      for i in {1..25}; do head -c 3000 /dev/zero | timeout -s KILL 0.4 nc \(address) 7 > /dev/null
      echo x > /dev/udp/\(address)/7; done; exit 0
      """
    let peer = try Running(namespace.inside(["bash", "-c", script]))
    #expect(fuzz.guest.launcher.waitFor("fuzz: serving", seconds: 120))
    peer.finish(within: 30)
    let load = try namespace.run(
      EchoTests.load(["--address", address, "--connections", "4", "--messages", "1000"]))
    #expect(load.status == 0, "\(load.output)")
    try expectNothingLeaked(restingResources(of: fuzz), before: untouched)
    let end = fuzz.guest.stop()
    #expect(end.output.contains(" unknown 0\n"))
    #expect(!end.output.contains("fault"), "\(end.output)")
    #expect(end.status == 0)
    try expectLegal(capture.segments(from: address))
  }

  private func arguments(count: Int) -> [String] {
    ["--args", "seed=\(UInt32.random(in: 0...9999)) count=\(count)"]
  }

  /// What the kernel has to give when ring 3 has made so many calls.
  private func resources(after count: Int, in namespace: Namespace) throws -> [String: Int] {
    let fuzz = try Watched("fuzz", in: namespace, arguments(count: count))
    #expect(fuzz.guest.launcher.waitFor("fuzz: serving", seconds: 30))
    defer { _ = fuzz.guest.stop() }
    return try restingResources(of: fuzz)
  }

  /// Free buffers, send elements and connections, once the last connection has ended: after a minute
  /// in TIME-WAIT, perhaps.
  private func restingResources(of fuzz: Watched) throws -> [String: Int] {
    for _ in 0..<100 {
      let numbers = try fuzz.numbers()
      guard numbers["connections"] != 0 else { return numbers }
      sleep(1)
    }
    Issue.record("connections were left over")
    return [:]
  }

  private func expectNothingLeaked(_ resources: [String: Int], before: [String: Int]) throws {
    for name in ["free_connections", "free_send_elements"] {
      let free = try #require(resources[name])
      #expect(free == before[name])
    }
    // The card may have used up a few more of its buffers now: free is what it has not got.
    let buffers = try #require(resources["free_buffers"])
    let buffersBefore = try #require(before["free_buffers"])
    #expect(buffers >= buffersBefore - 16)
  }

  /// Whatever ring 3 asked for, the peer sees TCP: flags that go together. (Checksums are the tap's to
  /// complete.)
  private func expectLegal(_ segments: [Substring]) {
    #expect(segments.count > 1000)
    for segment in segments {
      let flags = segment.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      let kinds = Set(flags).subtracting("PEW")
      #expect(
        [Set("S"), Set("S."), Set("."), Set("F."), Set("R"), Set("R.")].contains(kinds),
        "\(segment)")
    }
  }
}
