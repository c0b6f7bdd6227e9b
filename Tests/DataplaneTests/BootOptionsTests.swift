import Testing
import Wire

@testable import Dataplane

@Suite struct BootOptionsTests {
  static func parse(_ line: String) throws -> BootOptions {
    let bytes = Array(line.utf8)
    return try BootOptions(parsing: bytes.span.bytes)
  }

  @Test func everyOptionIsRead() throws {
    let line =
      "ip=10.0.0.2/24  gateway=10.0.0.1\tbatch=16 cores=2 spin=250 congestion=dctcp args=-p 7 x=y"
    let options = try Self.parse(line)
    #expect(options.address == IPv4Address(10, 0, 0, 2))
    #expect(options.prefixLength == 24)
    #expect(options.gateway == IPv4Address(10, 0, 0, 1))
    #expect(options.batchBound == 16)
    #expect(options.spinMicroseconds == 250)
    #expect(options.coreCount == 2)
    #expect(options.congestion == .dctcp)
    #expect(String(decoding: Array(line.utf8)[options.arguments], as: UTF8.self) == "-p 7 x=y")
  }

  @Test(arguments: ["", " ", "\t \n"])
  func anEmptyLineMeansTheDefaults(line: String) throws {
    let options = try Self.parse(line)
    #expect(options.address == nil)
    #expect(options.gateway == nil)
    #expect(options.batchBound == 64)
    #expect(options.spinMicroseconds == 1000)
    #expect(options.coreCount == 1)
    #expect(options.congestion == .cubic)
    #expect(options.arguments.isEmpty)
  }

  @Test func argumentsMayBeEmpty() throws {
    let options = try Self.parse("cores=1 args=")
    #expect(options.arguments == 13..<13)
  }

  @Test(arguments: [
    "root=/dev/sda", "ip", "IP=10.0.0.2/24", "ips=1", "=", "=1", "gatewa=10.0.0.1", "cores", "é",
  ])
  func anUnknownWordIsNamed(word: String) {
    let range = 8..<(8 + word.utf8.count)
    #expect(throws: BootOptionError(.unknown, at: range)) {
      _ = try Self.parse("batch=1 \(word) cores=1")
    }
  }

  @Test(arguments: [
    "ip=", "ip=10.0.0.2", "ip=10.0.0.2/", "ip=10.0.0.2/0", "ip=10.0.0.2/33", "ip=10.0.0/24",
    "ip=10.0.0.2.3/24", "ip=256.0.0.1/24", "ip=10..0.2/24", "ip=a.0.0.1/24", "ip=10.0.0.2/24/1",
    "ip=224.0.0.1/24", "ip=127.0.0.1/8", "ip=0.0.0.0/8", "ip=255.255.255.255/32", "ip=-1.0.0.2/24",
    "ip=10.0.0.0000000002/24", "gateway=10.0.0.1/24", "gateway=", "gateway=1", "batch=0",
    "batch=1025", "batch=-1", "batch=0x10", "batch=99999999999999999999", "batch=", "cores=0",
    "cores=65", "cores=1,2", "congestion=", "congestion=vegas", "congestion=renoo",
  ])
  func aBadValueIsNamed(word: String) {
    let range = 1..<(1 + word.utf8.count)
    #expect(throws: BootOptionError(.malformed, at: range)) { _ = try Self.parse(" \(word)") }
  }

  @Test(arguments: ["batch=1", "cores=1", "ip=10.0.0.2/24", "gateway=10.0.0.1"])
  func aRepeatedOptionIsNamed(word: String) {
    let count = word.utf8.count
    let range = (count + 1)..<(2 * count + 1)
    #expect(throws: BootOptionError(.repeated, at: range)) {
      _ = try Self.parse("\(word) \(word)")
    }
  }

  @Test func whatFollowsArgumentsIsTheirs() throws {
    let options = try Self.parse("args=cores=1 cores=2")
    #expect(options.coreCount == 1)
    #expect(options.arguments == 5..<20)
  }

  @Test func anyBytesAreParsedOrRefused() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("ip=gateway args cores batch 0123456789./\u{0}\u{7F}".utf8)
    for _ in 0..<5_000 {
      let count = Int.random(in: 0..<40, using: &generator)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
      do {
        let options = try BootOptions(parsing: bytes.span.bytes)
        #expect(options.arguments.upperBound <= count)
      } catch {
        #expect(error.word.upperBound <= count)
      }
    }
  }
}
