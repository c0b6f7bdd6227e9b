import Testing

@testable import HTTP

/// However the network cuts a stream, the replies are the same.
@Suite struct SegmentationTests {
  static let streams: [String] = [
    "\r\n" + Bench.get("/a.txt") + Bench.get("/docs", "Connection: close") + "rest",
    Bench.get("/%61.txt", "Range: bytes=-3") + "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n"
      + Bench.get("/x/../a.txt", "If-None-Match: *"),
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n1234567" + Bench.get("/"),
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n"
      + Bench.get("/noextension"),
    Bench.get("/", "Expect: 100-continue", "Content-Length: 3") + "abc" + Bench.get("/y"),
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
    Bench.get("/") + "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
  ]

  static func replies(_ segments: [ArraySlice<UInt8>]) -> String {
    var bench = Bench()
    for segment in segments { bench.receive(segment) }
    return bench.text
  }

  @Test(arguments: streams) func everySplitGivesTheSameReplies(stream: String) {
    let bytes = Array(stream.utf8)
    let expected = Bench.replies(to: stream)
    #expect(!expected.isEmpty)
    for first in 0...bytes.count {
      #expect(Self.replies([bytes[..<first], bytes[first...]]) == expected)
      for second in stride(from: first, through: bytes.count, by: 3) {
        let replies = Self.replies([bytes[..<first], bytes[first..<second], bytes[second...]])
        #expect(replies == expected)
      }
    }
    #expect(Self.replies(bytes.indices.map { bytes[$0...$0] }) == expected)
  }

  @Test(arguments: streams) func everyRoomGivesTheSameReplies(stream: String) {
    let bytes = Array(stream.utf8)
    for room in stride(from: 1, through: 400, by: 7) {
      var bench = Bench(room: room)
      var taken = 0
      while taken < bytes.count {
        let before = taken
        taken = bench.receive(bytes, from: taken)
        #expect(taken > before || !bench.output.hasRoom)
        bench.output.limit += room
      }
      #expect(bench.text == Bench.replies(to: stream))
    }
  }
}
