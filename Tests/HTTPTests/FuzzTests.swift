import Foundation
import Testing

@testable import HTTP

/// Requests that are nearly right, in random segments: nothing traps, replies are whole and
/// counted, and the segmentation does not matter.
@Suite struct FuzzTests {
  /// Inputs for each of eight seeds; IX_FUZZ_COUNT asks for more.
  static let inputCount =
    ProcessInfo.processInfo.environment["IX_FUZZ_COUNT"].flatMap { Int($0) } ?? 4_000

  static let words: [[UInt8]] = [
    "GET ", "HEAD ", "POST ", "/", "a.txt", "docs", "%61", "%2e%2e", "/..", "?", "http://h", "*",
    " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: h\r\n", "Host: h\r\n\r\n", "\r\n", "\r\n\r\n", "\n",
    "\r", "Content-Length: ", "3\r\n\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "a\r\n",
    "Connection: close\r\n", "Connection: keep-alive\r\n", "Range: bytes=", "1-2", "-", ",",
    "If-None-Match: \"x\", W/", "If-Range: ", "Expect: 100-continue\r\n", ":", " ", "\t", ";",
    "GET /a.txt HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  ].map { Array($0.utf8) }

  static func input(_ random: inout SplitMix) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...10, using: &random) {
      bytes += words[Int.random(in: 0..<words.count, using: &random)]
    }
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      bytes[index] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }

  @Test(arguments: 0..<8 as Range<UInt64>) func nothingTrapsAndSegmentsDoNotMatter(seed: UInt64) {
    var random = SplitMix(state: seed &* 0x1234_5678_9ABC)
    var limits = Limits()
    limits.requestLineByteCount = 40
    limits.fieldsByteCount = 60
    limits.bodyByteCount = 10
    for _ in 0..<Self.inputCount {
      let bytes = Self.input(&random)
      var whole = Bench(limits: limits)
      whole.receive(bytes)
      var cut = Bench(limits: limits)
      var start = 0
      while start < bytes.count {
        let end = Int.random(in: start + 1...bytes.count, using: &random)
        cut.receive(bytes[start..<end])
        start = end
      }
      #expect(cut.output.bytes == whole.output.bytes)
      let replies = Status.allCases.reduce(0) { $0 + whole.server.counters.replyCount($1) }
      #expect(replies > 0 || whole.output.bytes.isEmpty || whole.text.hasPrefix("HTTP/1.1 100"))
    }
  }
}
