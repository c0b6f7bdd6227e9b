import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// Segments on their way out, against bytes made by hand.
@Suite struct SegmentOutputTests {
  static let header: [UInt8] =
    Frames.bigEndian(80 as UInt16) + Frames.bigEndian(4000 as UInt16)
    + Frames.bigEndian(0xDEAD_BEEF as UInt32) + Frames.bigEndian(0x0102_0304 as UInt32)
    + [0x50, 0x18, 0x12, 0x34, 0, 0, 0, 0]

  static func frame(_ payload: [UInt8], traffic: UInt8 = 0) -> [UInt8] {
    var segment = header + payload
    let pseudo = Frames.pseudoHeader(6, segment.count, from: Bench.address, to: Bench.peer)
    segment.replaceSubrange(16..<18, with: Frames.bigEndian(Frames.checksum(pseudo + segment)))
    return Frames.ethernet(
      0x0800, Frames.ipv4(6, segment, to: Bench.peer, from: Bench.address, traffic: traffic),
      to: Bench.peerHardware, from: Bench.hardware)
  }

  static func send(
    _ pieces: [Int], with bench: inout Bench, segmentByteCount: Int = 0, isECNCapable: Bool = false
  ) -> [RecordingDevice.Frame] {
    bench.stack.output.now = bench.now
    let flow = Flow(
      localAddress: Bench.address, remoteAddress: Bench.peer, localPort: 80, remotePort: 4000)
    var segment = OutgoingSegment(
      flow: flow, sequence: SequenceNumber(0xDEAD_BEEF),
      acknowledgment: SequenceNumber(0x0102_0304), flags: .ack | .psh, window: 0x1234)
    segment.segmentByteCount = segmentByteCount
    segment.isECNCapable = isECNCapable
    let bytes = DatagramTests.payload(pieces.reduce(0, +) + 1)
    bytes.withUnsafeBytes { bytes in
      var start = UnsafeRawPointer(bytes.baseAddress!)
      var fragments: [Fragment] = []
      for count in pieces {
        fragments.append(Fragment(address: KernelAddress(of: start), byteCount: count))
        start += count
      }
      let outcome = bench.stack.output.transmit(
        segment, fragments: fragments.span, device: &bench.device, pool: &bench.pool)
      guard case .queued = outcome else {
        Issue.record("not queued: \(outcome)")
        return
      }
    }
    return bench.device.takeSent()
  }

  @Test(arguments: [
    [], [0], [1], [2], [1460], [1, 1], [1, 2, 3], [3, 5, 7, 1], [0, 1, 0, 2], [700, 13, 747],
    [Int](repeating: 1, count: 18),
  ])
  func headersAndSoftwareChecksumAreRightForPiecesOfAnyLength(pieces: [Int]) {
    var bench = Bench()
    bench.introducePeer()
    let sent = Self.send(pieces, with: &bench)
    let payload = DatagramTests.payload(pieces.reduce(0, +))
    #expect(sent.map(\.bytes) == [Self.frame(payload)])
    #expect(sent[0].request.checksumStart == 0)
    #expect(sent[0].request.retained == PacketPool.none)
  }

  @Test func aDeviceThatCanCompletesTheChecksum() {
    var bench = Bench()
    bench.introducePeer()
    bench.device.offloads.transmitChecksum = true
    let sent = Self.send([100], with: &bench)[0]
    #expect(sent.request.checksumStart == 34)
    #expect(sent.request.checksumOffset == 16)
    // What the device does: sum from the start on, field included.
    var bytes = sent.bytes
    let completed = Frames.checksum(Array(bytes[34...]))
    bytes.replaceSubrange(50..<52, with: Frames.bigEndian(completed))
    #expect(bytes == Self.frame(DatagramTests.payload(100)))
  }

  @Test func aLongSegmentIsCutByTheDevice() {
    var bench = Bench()
    bench.introducePeer()
    bench.device.offloads = Offloads(transmitChecksum: true, segmentation: true)
    let sent = Self.send([30_000, 30_000], with: &bench, segmentByteCount: 1460)[0]
    #expect(sent.request.segmentByteCount == 1460)
    #expect(Array(sent.bytes[16..<18]) == Frames.bigEndian(60_040 as UInt16))
    let short = Self.send([1460], with: &bench, segmentByteCount: 1460)[0]
    #expect(short.request.segmentByteCount == 0)
  }

  @Test func congestionNotificationIsAnnouncedInTheNetworkHeader() {
    var bench = Bench()
    bench.introducePeer()
    let sent = Self.send([5], with: &bench, isECNCapable: true)
    #expect(sent.map(\.bytes) == [Self.frame(DatagramTests.payload(5), traffic: 2)])
  }

  @Test func packetsForOtherNetworksGoToTheGateway() {
    var bench = Bench()
    bench.receive(Frames.arp(1, from: Bench.gateway, at: Bench.gatewayHardware))
    _ = bench.sent()
    let outcome = bench.transmitSegment(to: IPv4Address(192, 0, 2, 7))
    let frame = bench.sent()[0]
    #expect(outcome == "queued")
    #expect(Array(frame[..<6]) == Frames.bytes(Bench.gatewayHardware))
    #expect(Array(frame[30..<34]) == [192, 0, 2, 7])
  }

  @Test func aFullDeviceIsReportedBeforeANeighbourIsAskedFor() {
    var bench = Bench()
    bench.device.transmitCapacity = 0
    let outcomes = [bench.transmitSegment(), bench.transmitSegment(to: .broadcast)]
    #expect(outcomes == ["deviceFull", "deviceFull"])
    bench.device.transmitCapacity = 10
    let after = [bench.transmitSegment(), bench.transmitSegment(to: .broadcast)]
    #expect(after == ["neighbourUnknown", "unreachable"])
  }
}
