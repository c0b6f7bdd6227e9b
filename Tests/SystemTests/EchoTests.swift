import Foundation
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

/// What an image costs its host while nothing happens.
@Suite(.serialized) struct IdleTests {
  /// Processor time of a process so far, in clock ticks of 10 ms (proc(5), fields 14 and 15).
  static func ticks(_ process: Substring) throws -> Int {
    let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
  }

  @Test func anIdleGuestSleepsAndWakesForEveryPacket() throws {
    let port = freePort()
    let guest = try Guest("echo", ["--forward", "\(port):7"])
    #expect(guest.waitUntilListening())
    let emulator = try #require(
      shell(["pgrep", "-P", "\(guest.launcher.identifier)"]).output.split(separator: "\n").first)
    usleep(300_000)
    let before = try Self.ticks(emulator)
    usleep(3_000_000)
    let used = try Self.ticks(emulator) - before
    // 2 % of three seconds are 6 ticks; polling would be 300.
    #expect(used <= 30, "\(used) ticks in three seconds")
    for message in 0..<20 {
      usleep(20_000)
      let reply = try shell(
        ["bash", "-c", "echo \(message) | timeout 5 nc -N 127.0.0.1 \(port)"])
      #expect(reply.output == "\(message)\n")
    }
    #expect(guest.stop().status == 0)
  }
}
