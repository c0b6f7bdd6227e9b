import Testing

/// The echo image against the host's own TCP.
@Suite(.serialized) struct EchoTests {
  static func load(_ options: [String]) -> [String] {
    [product("release/ixload"), "echo"] + options
  }

  @Test func aPersonReachesItThroughAForwardedPort() throws {
    let port = freePort()
    let guest = try Guest("echo", ["--forward", "\(port):7"])
    #expect(guest.waitUntilListening())
    let reply = try shell(
      ["bash", "-c", "echo 'one packet, all the way' | timeout 10 nc -N 127.0.0.1 \(port)"])
    #expect(reply.output == "one packet, all the way\n")
    let load = try shell(
      Self.load([
        "--port", "\(port)", "--connections", "4", "--messages", "2000",
        "--minimum-size", "1", "--maximum-size", "4000",
      ]))
    #expect(load.status == 0, "\(load.output)")
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    #expect(!end.output.contains("fault"))
  }

  @Test(.enabled(if: Namespace.isAvailable))
  func itAnswersPingsArpAndAHundredConnectionsOnATap() throws {
    let namespace = try Namespace()
    let guest = try Guest("echo", Guest.onTap, in: namespace)
    #expect(guest.waitUntilListening())
    let address = Namespace.guestAddress

    let arping = try namespace.run(["arping", "-c", "3", "-I", "tap0", address])
    #expect(arping.status == 0, "\(arping.output)")
    for size in [0, 56, 1472] {
      let ping = try namespace.run(["ping", "-c", "3", "-i", "0.05", "-s", "\(size)", address])
      #expect(ping.output.contains(" 0% packet loss"), "\(ping.output)")
    }
    let flood = try namespace.run(["ping", "-f", "-c", "20000", "-s", "1472", address])
    #expect(flood.output.contains(" 0% packet loss"), "\(flood.output)")

    let load = try namespace.run(
      Self.load([
        "--address", address, "--connections", "100", "--messages", "20000",
        "--minimum-size", "1", "--maximum-size", "16000",
      ]), seconds: 120)
    #expect(load.status == 0, "\(load.output)")
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    #expect(!end.output.contains("fault"))
  }
}
