import Foundation
import Testing

/// What applications are offered beyond accepting connections, on booted images.
@Suite(.serialized) struct LibraryTests {
  @Test func timersFireInTheirOrderAndNeverEarly() throws {
    let guest = try Guest("timers")
    let end = guest.launcher.finish(within: 30)
    #expect(end.output.contains("timers: done"), "\(end.output)")
    #expect(end.status == 0)
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func datagramsComeBackWholeUpToAFullFrame() throws {
    let namespace = try Namespace()
    let guest = try Guest("echo", Guest.onTap, in: namespace)
    #expect(guest.waitUntilListening())
    for byteCount in [1, 64, 1472] {
      let script =
        "head -c \(byteCount) /dev/urandom > $0; "
        + "timeout -s KILL 5 socat -t 0.5 -b 65536 - UDP:\(Namespace.guestAddress):7 < $0 | cmp - $0; rm $0"
      let file = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
      let reply = try namespace.run(["bash", "-c", script, file])
      #expect(reply.status == 0 && reply.output.isEmpty, "\(byteCount): \(reply.output)")
    }
    let load = try namespace.run(
      EchoTests.load(["--address", Namespace.guestAddress, "--messages", "100"]))
    #expect(load.status == 0, "\(load.output)")
    #expect(guest.stop().status == 0)
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func aDialledConnectionPlaysPingPong() throws {
    let namespace = try Namespace()
    let answerer = try Running(
      namespace.inside([
        "socat", "TCP-LISTEN:5002,bind=\(Namespace.hostAddress),reuseaddr,nodelay", "EXEC:cat",
      ]))
    usleep(300_000)
    let arguments = "connect=\(Namespace.hostAddress):5002 size=3000 count=1000"
    let guest = try Guest("netpipe", Guest.onTap + ["--args", arguments], in: namespace)
    let end = guest.launcher.finish(within: 60)
    #expect(end.output.contains("netpipe: bytes 3000 round trips 1000 "), "\(end.output)")
    #expect(end.status == 0)
    answerer.interrupt()
    answerer.finish()
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func aConnectionThatNobodyTakesEndsWithAReason() throws {
    let namespace = try Namespace()
    let arguments = "connect=\(Namespace.hostAddress):5002"
    let guest = try Guest("netpipe", Guest.onTap + ["--args", arguments], in: namespace)
    let end = guest.launcher.finish(within: 60)
    #expect(end.output.contains("netpipe: refused"), "\(end.output)")
    #expect(end.status == 1)
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func theEchoServerInCIsByteExact() throws {
    let namespace = try Namespace()
    let guest = try Guest("cecho", Guest.onTap, in: namespace)
    #expect(guest.waitUntilListening())
    let load = try namespace.run(
      EchoTests.load([
        "--address", Namespace.guestAddress, "--connections", "100", "--messages", "20000",
        "--minimum-size", "1", "--maximum-size", "16000",
      ]), seconds: 120)
    #expect(load.status == 0, "\(load.output)")
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    #expect(!end.output.contains("fault"))
  }
}
