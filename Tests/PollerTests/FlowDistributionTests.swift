import Poller
import Testing
import Wire

@Suite struct FlowDistributionTests {
  let distribution = FlowDistribution()

  func pair(_ bytes: [UInt8], among count: Int) -> Int {
    distribution.pair(of: bytes.span.bytes, among: count)
  }

  @Test(arguments: [1, 2, 3, 64]) func everyPairGetsFlows(count: Int) {
    let pairs = (0..<1_000).map { port in
      pair(SampleFrame(payload: [1], sourcePort: UInt16(port + 1_024)).bytes, among: count)
    }
    #expect(Set(pairs) == Set(0..<count))
  }

  @Test(arguments: [false, true]) func aFlowStaysWhereItIs(isIPv6: Bool) {
    let first = pair(SampleFrame(isIPv6: isIPv6, payload: [1]).bytes, among: 16)
    for payload in [[], [2, 3], [UInt8](repeating: 9, count: 1_000)] as [[UInt8]] {
      #expect(pair(SampleFrame(isIPv6: isIPv6, payload: payload).bytes, among: 16) == first)
    }
  }

  /// The bytes of the verification suite's first IPv4 vector, as a frame.
  @Test func theHashIsThatOfTheGuestsOwnCard() {
    var bytes = SampleFrame(sourcePort: 2_794).bytes
    bytes.replaceSubrange(26..<34, with: [66, 9, 149, 187, 161, 142, 100, 80])
    bytes.replaceSubrange(36..<38, with: big(UInt16(1_766)))
    bytes.replaceSubrange(24..<26, with: [0, 0])
    bytes.replaceSubrange(24..<26, with: big(UInt16(0xFFFF - plainSum(Array(bytes[14..<34])))))
    #expect(pair(bytes, among: 128) == 0x51cc_c178 % 128)
  }

  @Test func fragmentsOfAPacketMeet() {
    let pairs = [0x2000, 0x2001, 1].map { field in
      pair(
        SampleFrame(payload: [1], fragmentField: UInt16(field), sourcePort: UInt16(field)).bytes,
        among: 64)
    }
    #expect(Set(pairs).count == 1)
  }

  @Test func everythingElseGoesToTheFirst() {
    for bytes in [[], [UInt8](repeating: 0xFF, count: 60)] as [[UInt8]] {
      #expect(pair(bytes, among: 64) == 0)
    }
  }
}
