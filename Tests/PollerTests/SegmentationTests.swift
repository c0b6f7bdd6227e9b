import Poller
import Testing
import Wire

@Suite struct SegmentationTests {
  static let payload = (0..<3_001).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  static func segments(of sample: SampleFrame, _ byteCount: Int) throws -> [[UInt8]] {
    let whole = sample.bytes
    let headers = try #require(found(in: whole))
    let segmentation = try #require(Segmentation(headers, segmentByteCount: byteCount))
    return (0..<segmentation.count).map { index in
      let empty = [UInt8](repeating: 0xAA, count: segmentation.frameByteCount(of: index))
      return edited(empty) { segmentation.emit(index, of: whole.span.bytes, into: &$0) }
    }
  }

  @Test(arguments: [false, true], [1, 1_000, 3_000, 3_001, 9_000])
  func theyCarryThePayloadOnceAndInOrder(isIPv6: Bool, byteCount: Int) throws {
    let payload = byteCount == 1 ? Array(Self.payload.prefix(200)) : Self.payload
    let sample = SampleFrame(isIPv6: isIPv6, payload: payload, paddingByteCount: 2)
    let segments = try Self.segments(of: sample, byteCount)
    #expect(segments.count == (payload.count + byteCount - 1) / byteCount)
    var joined: [UInt8] = []
    for bytes in segments {
      let headers = try #require(found(in: bytes))
      #expect(headers.endOffset == bytes.count)
      #expect(transportSum(bytes, network: 14, isIPv6: isIPv6) == 0xFFFF)
      let sequence: UInt32 = bytes.span.bytes.bigEndian(at: headers.transportOffset + 4)
      #expect(sequence == SampleFrame.sequence &+ UInt32(joined.count))
      // Options go with every segment.
      #expect(bytes[headers.transportOffset + 22] == 8)
      joined += bytes[headers.payloadOffset...]
    }
    #expect(joined == payload)
  }

  @Test func finAndPushComeLastAndCWRFirst() throws {
    let sample = SampleFrame(payload: Array(Self.payload.prefix(25)), flags: 0x99)
    let flags = try Self.segments(of: sample, 10).map { $0[14 + 20 + 13] }
    #expect(flags == [0x90, 0x10, 0x19])
  }

  @Test func everyIPv4PacketHasItsOwnIdentification() throws {
    let sample = SampleFrame(payload: Array(Self.payload.prefix(25)))
    let numbers = try Self.segments(of: sample, 10).map { UInt16($0[18]) << 8 | UInt16($0[19]) }
    #expect(numbers == [0xFFFF, 0, 1])
  }

  @Test func moreSegmentsThanAnHonestGuestAsksForAreRefused() throws {
    let sample = SampleFrame(payload: Array(Self.payload.prefix(Segmentation.countLimit + 1)))
    let headers = try #require(found(in: sample.bytes))
    #expect(Segmentation(headers, segmentByteCount: 1) == nil)
    #expect(Segmentation(headers, segmentByteCount: 0) == nil)
    #expect(Segmentation(headers, segmentByteCount: 2) != nil)
  }

  @Test func onlyTCPWithPayloadIsCut() {
    for sample in [SampleFrame(isTCP: false, payload: [1, 2]), SampleFrame()] {
      let headers = found(in: sample.bytes)
      #expect(headers != nil)
      #expect(headers.flatMap { Segmentation($0, segmentByteCount: 1) } == nil)
    }
  }
}
