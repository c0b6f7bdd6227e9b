import Testing

@testable import Image

/// The small values of manifests and options: what is taken, what is refused, how it is printed.
@Suite struct ValueTests {
  @Test(arguments: [
    ("64M", 64 << 20), ("1G", 1 << 30), ("65536K", 64 << 20), ("4096", 4096), ("0", 0),
  ])
  func amountsOfMemoryAreRead(text: String, bytes: UInt64) {
    #expect(ByteCount(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "M", "-1M", "+1M", "1.5G", "nan", "inf", "64MB", "64 M", "0x10", "1e3", "٣M",
    "18446744073709551616", "18014398509481984K",
  ])
  func otherAmountsAreRefused(text: String) {
    #expect(ByteCount(text) == nil)
  }

  @Test func amountsArePrintedInTheirLargestUnit() {
    #expect("\(ByteCount(bytes: 64 << 20))" == "64M")
    #expect("\(ByteCount(bytes: 1 << 30))" == "1G")
    #expect("\(ByteCount(bytes: 1025))" == "1025")
    #expect("\(ByteCount(bytes: 0))" == "0")
  }

  @Test(arguments: [
    "", "10.0.0", "10.0.0.0.1", "256.0.0.1", "01.0.0.1", "+1.0.0.1", "10.0.0.-1", "a.b.c.d",
    " 10.0.0.1",
  ])
  func otherAddressesAreRefused(text: String) {
    #expect(IPv4(text) == nil)
  }

  @Test func addressesAreReadAndPrinted() {
    #expect(IPv4("10.0.2.15")?.rawValue == 0x0A00_020F)
    #expect(IPv4("255.255.255.255")?.description == "255.255.255.255")
  }

  @Test(arguments: [
    "10.0.2.15", "10.0.2.15/", "10.0.2.15/0", "10.0.2.15/31", "10.0.2.15/024", "10.0.2.0/24",
    "10.0.2.255/24", "127.0.0.1/8", "224.0.0.1/24", "0.0.0.1/24", "10.0.2.15/24/1",
  ])
  func addressesThatNoHostMayHaveAreRefused(text: String) {
    #expect(Interface(text) == nil)
  }

  @Test func anInterfaceReachesItsOwnNetworkOnly() throws {
    let interface = try #require(Interface("10.0.2.15/24"))
    #expect(interface.network.description == "10.0.2.0")
    #expect(interface.reaches(try #require(IPv4("10.0.2.2"))))
    #expect(!interface.reaches(try #require(IPv4("10.0.3.2"))))
    #expect(!interface.reaches(interface.address))
  }

  @Test(arguments: ["", "7", "7:", ":7", "0:7", "7:0", "65536:7", "7:7:7", "-1:7", "07:7", "a:b"])
  func otherForwardsAreRefused(text: String) {
    #expect(PortForward(text) == nil)
  }

  @Test func forwardsAreReadAndPrinted() {
    let forward = PortForward("7007:7")
    #expect(forward?.hostPort == 7007)
    #expect(forward?.guestPort == 7)
    #expect(forward?.description == "7007:7")
  }

  @Test func argumentsFitTheKernelsCommandLine() {
    #expect(Manifest.arguments("a b=c") == "a b=c")
    #expect(Manifest.arguments("a\nb") == nil)
    #expect(Manifest.arguments("é") == nil)
    #expect(Manifest.arguments(String(repeating: "a", count: 1025)) == nil)
  }
}
