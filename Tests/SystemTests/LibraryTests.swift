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

  /// How many segments 60 single bytes leave in that follow each other much faster than
  /// acknowledgments come back: no more than a connection may have under way.
  private func segmentCount(coalescing: Bool) throws -> Int {
    let network = try ImpairedNetwork(["--delay", "5"])
    let namespace = network.namespace
    let guest = try Guest(
      "options", Guest.onTap + ["--args", "bytes=60 coalescing=\(coalescing ? 1 : 0)"],
      in: namespace)
    #expect(guest.waitUntilListening())
    let capture = try Capture(on: "tap0", in: namespace)
    let reply = try namespace.run(
      ["timeout", "10", "socat", "-u", "TCP:\(Namespace.guestAddress):7", "-"])
    #expect(reply.output == String(repeating: "x", count: 60))
    let segments = try capture.segments(from: Namespace.guestAddress)
    #expect(guest.stop().status == 0)
    _ = network.end()
    return segments.filter { !$0.contains("length 0") }.count
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func smallPiecesWaitForAnAcknowledgmentIfTheApplicationSaysSo() throws {
    let apart = try segmentCount(coalescing: false)
    let together = try segmentCount(coalescing: true)
    #expect(apart >= 3 * together, "\(apart) and \(together) segments")
    print("60 pieces: \(apart) segments, \(together) of pieces that wait")
  }

  /// A peer that keeps its connection open and says nothing.
  private func silentPeer(in namespace: Namespace) throws -> Running {
    try Running(
      namespace.inside(["socat", "-u", "TCP:\(Namespace.guestAddress):7", "OPEN:/dev/null"]))
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func aPeerThatAnswersIsKeptAndOneThatIsGoneIsNot() throws {
    let namespace = try Namespace()
    let guest = try Guest("options", Guest.onTap + ["--args", "keep-alive=100"], in: namespace)
    #expect(guest.waitUntilListening())
    let capture = try Capture(on: "tap0", in: namespace)
    let peer = try silentPeer(in: namespace)
    sleep(2)
    let questions = try capture.segments(from: Namespace.guestAddress)
    #expect(questions.count >= 5, "\(questions)")
    #expect(!guest.launcher.output.contains("timed out"))
    try namespace.run(["ip", "link", "set", "tap0", "down"])
    #expect(guest.launcher.waitFor("options: timed out"))
    peer.interrupt()
    peer.finish()
    #expect(guest.stop().status == 0)
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func bytesThatStayUnacknowledgedEndTheConnectionInItsTime() throws {
    let namespace = try Namespace()
    let arguments = "user-timeout=500 bytes=5000 gap=2000"
    let guest = try Guest("options", Guest.onTap + ["--args", arguments], in: namespace)
    #expect(guest.waitUntilListening())
    let peer = try silentPeer(in: namespace)
    usleep(1_500_000)
    #expect(!guest.launcher.output.contains("options:"), "\(guest.launcher.output)")
    try namespace.run(["ip", "link", "set", "tap0", "down"])
    #expect(guest.launcher.waitFor("options: timed out"))
    peer.interrupt()
    peer.finish()
    #expect(guest.stop().status == 0)
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
