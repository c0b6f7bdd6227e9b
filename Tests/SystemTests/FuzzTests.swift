import Foundation
import Testing

/// Random system calls from ring 3: `Tests/Applications/Fuzz`. Ten times as many take
/// `--args "seed=N count=10000000"` and a few minutes.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct FuzzTests {
  @Test func randomCallsAreErrorCodesAndTheKernelServesOn() throws {
    let namespace = try Namespace()
    let arguments = ["--args", "seed=\(UInt32.random(in: 0...9999)) count=1000000"]
    let guest = try Guest("fuzz", Guest.onTap + arguments, in: namespace)
    #expect(guest.waitUntilListening())
    // Connections and datagrams for the calls to work on. Children of a test have SIGTERM blocked.
    let address = Namespace.guestAddress
    let script = """
      for i in {1..25}; do head -c 3000 /dev/zero | timeout -s KILL 0.4 nc \(address) 7 > /dev/null
      echo x > /dev/udp/\(address)/7; done; exit 0
      """
    let peer = try Running(namespace.inside(["bash", "-c", script]))
    #expect(guest.launcher.waitFor("fuzz: serving", seconds: 120))
    peer.finish(within: 30)
    let load = try namespace.run(
      EchoTests.load(["--address", address, "--connections", "4", "--messages", "1000"]))
    #expect(load.status == 0, "\(load.output)")
    let end = guest.stop()
    #expect(end.output.contains(" unknown 0\n"))
    #expect(!end.output.contains("fault"), "\(end.output)")
    #expect(end.status == 0)
  }
}
