import Packets
import Testing
import Wire

@testable import Network

@Suite struct InterfaceConfigurationTests {
  @Test(
    arguments: [
      (0, nil, "10.0.0.9", "10.0.0.9"), (0, nil, "8.8.8.8", "8.8.8.8"),
      (24, nil, "10.0.0.9", "10.0.0.9"), (24, nil, "10.0.1.9", nil),
      (24, "10.0.0.1", "10.0.1.9", "10.0.0.1"), (24, "10.0.0.1", "10.0.0.1", "10.0.0.1"),
      (24, "10.0.0.1", "10.0.0.255", nil), (24, "10.0.0.1", "255.255.255.255", nil),
      (24, "10.0.0.1", "10.0.0.2", nil), (24, "10.0.0.1", "0.0.0.0", nil),
      (24, "10.0.0.1", "127.0.0.1", nil), (24, "10.0.0.1", "224.0.0.1", nil),
      (24, "10.0.0.1", "250.0.0.1", nil), (30, "10.0.0.1", "10.0.0.3", nil),
      (31, "10.0.0.3", "10.0.0.3", "10.0.0.3"), (31, "10.0.0.3", "10.0.0.4", "10.0.0.3"),
      (32, "10.0.0.1", "10.0.0.3", "10.0.0.1"), (32, "10.0.0.1", "10.0.0.1", "10.0.0.1"),
    ] as [(Int, String?, String, String?)])
  func thereIsOneNextHopOrNone(prefix: Int, gateway: String?, to: String, expected: String?) {
    let configuration = InterfaceConfiguration(
      address: IPv4Address(10, 0, 0, 2), prefixLength: prefix, gateway: gateway.map(Self.address))
    #expect(
      configuration.nextHop(to: Self.address(to)) == expected.map(Self.address))
  }

  static func address(_ text: String) -> IPv4Address {
    let parts = text.split(separator: ".").map { UInt8($0) ?? 0 }
    return IPv4Address(parts[0], parts[1], parts[2], parts[3])
  }
}

@Suite struct TokenBucketTests {
  @Test func aBurstIsAllowedAndThenTheRate() {
    var bucket = TokenBucket(burst: 5, interval: .milliseconds(10))
    var taken: [UInt64] = []
    for millisecond in 0..<100 as Range<UInt64> {
      for _ in 0..<10 where bucket.take(at: Instant(nanoseconds: millisecond * 1_000_000)) {
        taken.append(millisecond)
      }
    }
    #expect(taken == [0, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    var count = 0
    for _ in 0..<10 where bucket.take(at: Instant(nanoseconds: 900_000_000_000)) { count += 1 }
    #expect(count == 5)
  }
}
