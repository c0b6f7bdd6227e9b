import Foundation
import Testing

/// The echo image behind ports of DPDK: Linux at the other end of each.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct DPDKTests {
  static let address = Namespace.guestAddress

  static func options(_ network: String) -> [String] {
    ["--net", network, "--ip", "\(address)/24", "--gateway", Namespace.hostAddress, "--verbose"]
  }

  /// The poller's counters, from its last words.
  static func counters(in output: String) throws -> [String: Int] {
    let line = output.split(separator: "\n").last { $0.contains("ixnet: counters ") }
    let text = try #require(line).drop { $0 != "{" }
    return try JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
  }

  static func load(_ namespace: Namespace, messages: Int = 600) throws {
    for size in [0, 56, 1472] {
      // Three answers within ten seconds, however slow the machine.
      let ping = try namespace.run([
        "ping", "-c", "3", "-w", "10", "-i", "0.2", "-s", "\(size)", address,
      ])
      #expect(ping.status == 0, "\(ping.output)")
    }
    let load = try namespace.run(
      EchoTests.load([
        "--address", address, "--connections", "20", "--messages", "\(messages)",
        "--minimum-size", "1", "--maximum-size", "16000",
      ]), seconds: 60)
    #expect(load.status == 0, "\(load.output)")
  }

  @Test func aTapOfDPDKsLosesNothing() throws {
    let namespace = try Namespace(hasTap: false)
    let guest = try Guest("echo", Self.options("dpdk:net_tap0,iface=dtap0"), in: namespace)
    try namespace.configure("dtap0")
    #expect(guest.waitUntilListening())
    try Self.load(namespace)
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    let counters = try Self.counters(in: end.output)
    #expect(counters["cutFrames", default: 0] > 0)
    #expect(counters["vouchedFrames", default: 0] > 0)
    for (name, count) in counters where name.hasPrefix("dropped") {
      #expect(count == 0, "\(name) \(count)")
    }
  }

  /// af_packet does nothing by itself. Linux, which does, is told not to at the other end.
  @Test func aPortWithoutOffloadsGetsWholeChecksumsAndShortFrames() throws {
    let namespace = try Namespace(hasTap: false)
    for command in ["ip link add v0 type veth peer name v1", "ip link set v0 up"] {
      try namespace.run(command.split(separator: " ").map { String($0) })
    }
    try namespace.run(["ethtool", "-K", "v1", "tx", "off"])
    try namespace.configure("v1")
    let capture = try Capture(on: "v1", in: namespace)
    let guest = try Guest("echo", Self.options("dpdk:net_af_packet0,iface=v0"), in: namespace)
    #expect(guest.waitUntilListening())
    try Self.load(namespace)
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    let counters = try Self.counters(in: end.output)
    #expect(counters["completedChecksums", default: 0] > 0)
    #expect(counters["cutFrames", default: 0] > 0)
    let segments = try capture.segments(from: Self.address)
    #expect(segments.count > 500)
    #expect(segments.allSatisfy { $0.contains("(correct)") })
  }

  /// The program that `marker` is an argument of.
  static func process(with marker: String) throws -> Int32? {
    let found = try shell(["pgrep", "-f", "ixnet \(marker)"]).output
    return found.split(separator: "\n").first.flatMap { Int32($0) }
  }

  @Test func aPollerThatDiesEndsItsGuestWithASentence() throws {
    let namespace = try Namespace(hasTap: false)
    let device = "net_tap0,iface=dying0"
    let guest = try Guest("echo", Self.options("dpdk:\(device)"), in: namespace)
    #expect(guest.waitUntilListening())
    kill(try #require(try Self.process(with: device)), SIGKILL)
    let end = guest.launcher.finish(within: 10)
    #expect(end.status == 3)
    #expect(end.output.contains("ixlaunch: dpdk:\(device): the poller has ended"))
  }

  /// Once its port is open every thread is nobody's, and a debugger in a hostile guest's place that makes
  /// it fork, open a file or make a socket ends it.
  @Test(arguments: ["57", "2, 0, 0", "41, 2, 1, 0"])
  func aPollerHasNoRightsLeft(call: String) throws {
    let namespace = try Namespace(hasTap: false)
    let device = "net_tap0,iface=jailed0"
    let guest = try Guest("echo", Self.options("dpdk:\(device)"), in: namespace)
    #expect(guest.waitUntilListening())
    let poller = try #require(try Self.process(with: device))
    let tasks = "/proc/\(poller)/task"
    let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
    #expect(threads.count > 1)
    for thread in threads {
      let status = try String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
      for line in [
        "Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "NoNewPrivs:\t1",
        "Seccomp:\t2", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000",
      ] {
        #expect(status.contains("\n\(line)\n"), "\(line)")
      }
    }
    try systemCall(call, by: poller)
    let end = guest.launcher.finish(within: 10)
    #expect(end.status == 3)
    #expect(
      end.output.hasSuffix(
        "ixlaunch: dpdk:\(device): the poller was ended at a system call that it must not make; "
          + "do not trust this image\n"))
  }

  @Test(arguments: ["ixnet: ready", "ix: listening"])
  func aKilledLauncherLeavesNoProcessSocketOrTap(moment: String) throws {
    let namespace = try Namespace(hasTap: false)
    let device = "net_tap0,iface=orphan0"
    let guest = try Guest("echo", Self.options("dpdk:\(device)"), in: namespace)
    let launcher = guest.launcher
    #expect(launcher.waitFor(moment, seconds: 30))
    let place = try #require(
      launcher.output.split(separator: "\n").first { $0.contains("ixnet: ready") }?
        .split(separator: " ").last.map { String($0) })
    let emulators = try shell(["pgrep", "-P", "\(launcher.identifier)"]).output
    kill(launcher.identifier, SIGKILL)
    launcher.finish()
    // Each ends on its own once the launcher is gone; a busy machine takes its time.
    func goes(_ isGone: () throws -> Bool) rethrows -> Bool {
      for _ in 0..<200 {
        if try isGone() { return true }
        usleep(50_000)
      }
      return false
    }
    #expect(try goes { try Self.process(with: device) == nil })
    for child in emulators.split(separator: "\n").compactMap({ Int32($0) }) {
      #expect(goes { kill(child, 0) != 0 }, "process \(child)")
    }
    let folder = URL(fileURLWithPath: place).deletingLastPathComponent().path
    #expect(goes { !FileManager.default.fileExists(atPath: folder) })
    #expect(try goes { try namespace.run(["ip", "link", "show", "orphan0"]).status != 0 })
  }
}
