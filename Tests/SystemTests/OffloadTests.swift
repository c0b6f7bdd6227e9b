import Foundation
import Testing

/// What the guest leaves to its card, as the back end of a vhost-user port is told: `virtio_net_hdr` in
/// front of every frame (virtio 1.1, section 5.1.6.2). Linux at the other end of that back end's tap
/// takes what it is given, and the answers are right.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct OffloadTests {
  @Test func everyFrameSaysWhereItsChecksumBelongsAndHowItIsToBeCut() throws {
    let namespace = try Namespace(hasTap: false)
    let recorder = try Recorder(tap: "dtap0", in: namespace)
    try namespace.configure("dtap0")
    let guest = try Guest("echo", DPDKTests.options(recorder.network), in: namespace)
    #expect(guest.waitUntilListening())
    try DPDKTests.load(namespace, messages: 60)
    let datagram = "echo x | nc -u -w 1 \(DPDKTests.address) 7"
    #expect(try namespace.run(["bash", "-c", datagram]).output == "x\n")
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")

    let frames = try recorder.stop()
    let segments = frames.filter { $0.isTCP }
    #expect(segments.count >= 60)
    for frame in frames { frame.check() }
    #expect(frames.contains { $0.isUDP })
    #expect(segments.contains { $0.segmentation == 1 })
    #expect(segments.contains { $0.segmentation == 0 })
  }
}

/// One frame of the guest's: its `virtio_net_hdr`, its length and its first bytes.
struct RecordedFrame: Decodable {
  let flags: Int
  let segmentation: Int
  let headerByteCount: Int
  let segmentByteCount: Int
  let checksumStart: Int
  let checksumOffset: Int
  let bufferCount: Int
  let byteCount: Int
  let start: [UInt8]

  private static let linkByteCount = 14
  private static let mtu = 1500

  private func word(_ offset: Int) -> Int { Int(start[offset]) << 8 | Int(start[offset + 1]) }

  private var isIPv4: Bool { word(12) == 0x0800 }
  private var transport: Int { Self.linkByteCount + Int(start[14] & 15) * 4 }
  var isTCP: Bool { isIPv4 && start[23] == 6 }
  var isUDP: Bool { isIPv4 && start[23] == 17 }
  /// Bytes from the transport header to the end of the packet.
  private var transportByteCount: Int { word(16) - (transport - Self.linkByteCount) }

  /// The sum of the pseudo-header (RFC 9293, section 3.1), folded.
  private var pseudoHeaderSum: Int {
    var sum = Int(start[23]) + transportByteCount
    for offset in stride(from: 26, to: 34, by: 2) { sum += word(offset) }
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
    return sum
  }

  func check() {
    #expect(bufferCount == 0)
    guard isTCP || isUDP else { return #expect(isPlain, "\(self)") }
    // NEEDS_CSUM: the field holds the pseudo-header's sum, and the card adds the rest.
    #expect(flags == 1)
    #expect(checksumStart == transport)
    #expect(checksumOffset == (isTCP ? 16 : 6))
    #expect(word(checksumStart + checksumOffset) == pseudoHeaderSum)
    #expect(byteCount == Self.linkByteCount + word(16))
    if isTCP { checkSegmentation() }
  }

  /// Nothing is asked of the card.
  private var isPlain: Bool {
    [flags, segmentation, headerByteCount, segmentByteCount, checksumStart, checksumOffset]
      .allSatisfy { $0 == 0 }
  }

  /// GSO_TCPV4 for what is longer than the link takes, in pieces that just fit; nothing for the rest.
  private func checkSegmentation() {
    let headers = transport + Int(start[transport + 12] >> 4) * 4
    guard byteCount > Self.linkByteCount + Self.mtu else {
      return #expect(segmentation == 0 && segmentByteCount == 0 && headerByteCount == 0, "\(self)")
    }
    #expect(segmentation == 1)
    #expect(headerByteCount == headers)
    #expect(segmentByteCount == Self.linkByteCount + Self.mtu - headers)
  }
}

/// `recorder.py` in a namespace.
final class Recorder {
  private let folder: String
  private let program: Running
  var network: String { "vhost-user:\(folder)/guest" }

  init(tap: String, in namespace: Namespace) throws {
    folder = NSTemporaryDirectory() + "ixtest-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let script = packageRoot.appendingPathComponent("Tests/SystemTests/recorder.py").path
    program = try Running(
      namespace.inside(["timeout", "-s", "KILL", "90", "python3", script, "\(folder)/guest", tap]))
    guard program.waitFor("listening") else {
      throw CommandFailed(command: ["recorder.py"], finished: program.finish(within: 0))
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Waits for its end, which is the guest's; what the guest has sent.
  func stop() throws -> [RecordedFrame] {
    let end = program.finish()
    #expect(end.status == 0)
    let lines = end.output.split(separator: "\n").drop { !$0.hasPrefix("{") }
    return try lines.map { try JSONDecoder().decode(RecordedFrame.self, from: Data($0.utf8)) }
  }
}
