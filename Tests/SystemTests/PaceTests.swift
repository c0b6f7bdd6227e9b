import Foundation
import Testing

/// When a core takes frames, and when it sleeps.
@Suite(.serialized) struct PaceTests {
  /// Sleeps that are ended by a frame.
  private static let sleepCount = 100_000

  /// A core that sleeps as soon as it has nothing to do: with one connection every message finds it
  /// asleep, or on its way there. All that the host has put into the tap arrives, and is answered.
  @Test(.enabled(if: Namespace.isAvailable))
  func noFrameIsLostBetweenWakeAndSleep() throws {
    let namespace = try Namespace()
    let echo = try Watched("echo", in: namespace, ["--spin", "0"])
    // What arrives before the card is started may be dropped.
    let early = try Self.unreceived(by: echo, in: namespace)
    var sleeps = 0
    for _ in 0..<20 where sleeps < Self.sleepCount {
      let load = try namespace.run(
        EchoTests.load([
          "--address", Namespace.guestAddress, "--messages", "\(Self.sleepCount)",
        ]), seconds: 900)
      #expect(load.status == 0, "\(load.output)")
      sleeps = try echo.numbers()["sleeps", default: 0]
    }
    #expect(sleeps >= Self.sleepCount)
    #expect(try Self.unreceived(by: echo, in: namespace) == early)
    #expect(try Self.sent(into: namespace).dropped == 0)
    #expect(echo.guest.stop().status == 0)
  }

  /// How many frames the host has put into the tap that have not arrived, at a moment when it says
  /// nothing.
  private static func unreceived(by guest: Watched, in namespace: Namespace) throws -> Int {
    var before = try sent(into: namespace).packets
    for _ in 0..<20 {
      let received = try guest.numbers()["device_received_frames", default: 0]
      let after = try sent(into: namespace).packets
      if after == before { return after - received }
      before = after
    }
    throw CommandFailed(
      command: ["ip", "link"], finished: Finished(status: 0, output: "the host is never silent"))
  }

  /// What the host has put into the tap of `namespace`, and what had no room there.
  private static func sent(into namespace: Namespace) throws -> (packets: Int, dropped: Int) {
    let text = try namespace.run(["ip", "-json", "-s", "link", "show", "tap0"]).output
    let links = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
    let statistics = links?.first?["stats64"] as? [String: Any]
    let counts = try #require(statistics?["tx"] as? [String: Int])
    return (try #require(counts["packets"]), try #require(counts["dropped"]))
  }

  /// With more frames waiting than the bound B allows, no batch is larger, and some are as large.
  @Test(.enabled(if: Namespace.isAvailable))
  func noBatchIsLargerThanItsBound() throws {
    let namespace = try Namespace()
    let echo = try Watched("echo", in: namespace, ["--batch", "2"])
    var before = try echo.batches()
    for bound in [2, 8, 32] {
      let tuned = try echo.launch("tune", echo.name, "--batch", "\(bound)")
      #expect(tuned.status == 0, "\(tuned.output)")
      let load = try namespace.run(
        EchoTests.load([
          "--address", Namespace.guestAddress, "--connections", "100", "--messages", "10000",
        ]), seconds: 120)
      #expect(load.status == 0, "\(load.output)")
      let after = try echo.batches()
      let counts = after.mapValues { $0 }.merging(before) { $0 - $1 }
      #expect(counts.allSatisfy { $0.key <= bound || $0.value == 0 }, "\(counts)")
      #expect(counts[bound, default: 0] > 0, "\(counts)")
      before = after
    }
    #expect(echo.guest.stop().status == 0)
  }
}
