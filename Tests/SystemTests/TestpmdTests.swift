import Foundation
import Testing

/// The echo image behind somebody else's vhost-user back end: DPDK's testpmd, which forwards between
/// the guest and a tap.
@Suite(.serialized, .enabled(if: Namespace.isAvailable && Testpmd.isInstalled)) struct TestpmdTests
{
  @Test func itForwardsAndIsToldWhatIsLeftToTheCard() throws {
    let namespace = try Namespace(hasTap: false)
    let testpmd = try Testpmd(in: namespace)
    try namespace.configure("dtap0")
    let capture = try Capture(on: "dtap0", in: namespace)
    let guest = try Guest("echo", DPDKTests.options(testpmd.network), in: namespace)
    #expect(guest.waitUntilListening())
    try DPDKTests.load(namespace, messages: 60)
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")

    // What the guest's card said of every TCP segment with payload, in DPDK's words.
    let output = try testpmd.stop()
    let fromGuest = Testpmd.framesFromGuest(in: output).filter { $0.contains("l4_proto=6 ") }
    #expect(fromGuest.contains { $0.contains("flags=RTE_MBUF_F_RX_L4_CKSUM_NONE") })
    #expect(!fromGuest.contains { $0.contains("RX_L4_CKSUM_BAD") })
    // Large sends, in pieces that fit the link behind headers of 20 and 32 bytes; and no others.
    let large = fromGuest.filter { Testpmd.byteCount($0) > 1514 }
    #expect(!large.isEmpty)
    #expect(large.allSatisfy { $0.contains("RX_LRO") && $0.contains("rx: m->lro_segsz=1448") })
    #expect(fromGuest.count { $0.contains("RX_LRO") } == large.count)
    // What left for the network.
    let segments = try capture.segments(from: DPDKTests.address)
    #expect(segments.count >= 60)
    #expect(segments.allSatisfy { $0.contains("(correct)") })
  }

  @Test func aSocketWithNobodyBehindItIsRefusedInOneSentence() throws {
    let path = NSTemporaryDirectory() + "ixtest-\(UUID().uuidString)"
    let nobody = "import socket; socket.socket(socket.AF_UNIX).bind('\(path)')"
    #expect(try shell(["python3", "-c", nobody]).status == 0)
    let launcher = try Guest("echo", DPDKTests.options("vhost-user:\(path)")).launcher
    let end = launcher.finish(within: 10)
    #expect(end.status == 3)
    #expect(end.output.contains("Connection refused"))
    try? FileManager.default.removeItem(atPath: path)
    let again = try Guest("echo", DPDKTests.options("vhost-user:\(path)")).launcher.finish()
    #expect(again.status == 3)
    #expect(again.output.contains("ixlaunch: \(path): there is no such socket"))
  }
}

/// testpmd with a vhost-user port 0 and a tap as port 1, told to fill in checksums and to cut segments
/// where the frame's metadata says so, and to say what it sees.
final class Testpmd {
  static var isInstalled: Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/dpdk-testpmd")
  }

  private static let commands = [
    "port stop 0", "port config 0 rx_offload tcp_cksum on", "port config 0 rx_offload udp_cksum on",
    "port start 0", "port stop 1", "tso set 1448 1", "port start 1", "set fwd csum",
    "csum set tcp hw 0", "csum set udp hw 0", "csum set tcp hw 1",
    "csum set udp hw 1", "csum mac-swap off 0", "csum mac-swap off 1", "set verbose 1", "start",
  ]

  private let folder: String
  private let program: Running
  private let input: FileHandle
  var network: String { "vhost-user:\(folder)/guest" }

  init(in namespace: Namespace) throws {
    folder = NSTemporaryDirectory() + "ixtest-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try shell(["mkfifo", "\(folder)/commands"])
    let command = """
      exec dpdk-testpmd --no-huge --no-pci --no-telemetry --no-shconf -m 128 \
      --file-prefix \(namespace.name) --lcores '0@(0,1),1@(0,1)' \
      --vdev net_vhost0,iface=\(folder)/guest,queues=1,tso=1 \
      --vdev net_tap0,iface=dtap0 \
      -- -i --total-num-mbufs=4096 < \(folder)/commands
      """
    program = try Running(
      namespace.inside(["timeout", "60", "bash", "-c", command]),
      environment: ["RUNTIME_DIRECTORY": folder])
    // Waits until testpmd reads.
    input = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/commands"))
    try say(Self.commands)
    guard program.waitFor("Change verbose level") else {
      throw CommandFailed(command: ["dpdk-testpmd"], finished: program.finish(within: 0))
    }
  }

  private func say(_ commands: [String]) throws {
    try input.write(contentsOf: Data((commands.joined(separator: "\n") + "\n").utf8))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// What it says of each frame that it received from the guest.
  static func framesFromGuest(in output: String) -> [Substring] {
    output.split(separator: "port=0, mbuf=").dropFirst().map {
      $0.split(separator: "\ntx: ", maxSplits: 1).first ?? ""
    }
  }

  /// "pkt_len=66" in that.
  static func byteCount(_ frame: Substring) -> Int {
    frame.split(separator: "pkt_len=").last.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
  }

  /// Ends it; what it has said.
  func stop() throws -> String {
    try say(["stop", "quit"])
    return program.finish().output
  }
}
