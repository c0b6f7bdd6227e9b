import Poller
import Testing
import Wire

@Suite struct FrameHeadersTests {
  static let all: [SampleFrame] = [false, true].flatMap { isIPv6 in
    [false, true].flatMap { isTCP in
      [false, true].map { isTagged in
        SampleFrame(
          isIPv6: isIPv6, isTCP: isTCP, isTagged: isTagged, payload: Array(1...25),
          paddingByteCount: 3)
      }
    }
  }

  @Test(arguments: all) func theyAreFoundInEveryKindOfPacket(sample: SampleFrame) throws {
    let bytes = sample.bytes
    let headers = try #require(found(in: bytes))
    #expect(headers.networkOffset == (sample.isTagged ? 18 : 14))
    #expect(headers.transportOffset == headers.networkOffset + (sample.isIPv6 ? 40 : 20))
    #expect(headers.payloadOffset == headers.transportOffset + (sample.isTCP ? 32 : 8))
    #expect(headers.payloadByteCount == 25)
    #expect(headers.endOffset == bytes.count - 3)
    #expect(headers.isTCP == sample.isTCP && headers.isIPv6 == sample.isIPv6)
  }

  @Test(arguments: all) func noPrefixOfAPacketHasThem(sample: SampleFrame) {
    let bytes = sample.bytes
    for count in 0..<(bytes.count - 3) {
      #expect(found(in: Array(bytes.prefix(count))) == nil)
    }
  }

  @Test func fragmentsHaveNone() {
    for field: UInt16 in [0x2000, 1, 0x1FFF] {
      let bytes = SampleFrame(payload: [1], fragmentField: field).bytes
      #expect(found(in: bytes) == nil)
    }
  }

  /// The offset of each byte, and what a hostile guest puts there.
  @Test(arguments: [
    (14, 0x55), (14, 0x44), (16, 0xFF), (23, 1), (46, 0x40), (46, 0xF0),
  ]) func contradictionsHaveNone(offset: Int, value: Int) {
    var bytes = SampleFrame(payload: [1, 2, 3]).bytes
    bytes[offset] = UInt8(value)
    // The header's own checksum is right, so that it is not what is noticed.
    bytes[24] = 0
    bytes[25] = 0
    let sum = plainSum(Array(bytes[14..<34]))
    bytes[24] = UInt8(~sum >> 8 & 0xFF)
    bytes[25] = UInt8(~sum & 0xFF)
    #expect(found(in: bytes) == nil)
  }

  @Test(arguments: all) func completedChecksumsAreWhatAReceiverSumsToAllOnes(
    sample: SampleFrame
  ) throws {
    let headers = try #require(found(in: sample.bytes))
    let bytes = edited(sample.bytes) { headers.completeChecksum(in: &$0) }
    #expect(
      transportSum(bytes, network: headers.networkOffset, isIPv6: sample.isIPv6) == 0xFFFF)
    #expect(Array(bytes.suffix(3)) == [0xEE, 0xEE, 0xEE])
  }

  /// RFC 768: "If the computed checksum is zero, it is transmitted as all ones".
  @Test func aUDPChecksumOfZeroIsSentAsAllOnes() throws {
    var sample = SampleFrame(isTCP: false, payload: [0, 0])
    var headers = try #require(found(in: sample.bytes))
    let sum = transportSum(sample.bytes, network: 14, isIPv6: false)
    sample.payload = big(UInt16(0xFFFF - sum))
    headers = try #require(found(in: sample.bytes))
    let bytes = edited(sample.bytes) { headers.completeChecksum(in: &$0) }
    #expect(Array(bytes[40..<42]) == [0xFF, 0xFF])
  }
}
