import Testing

@testable import HTTP

/// What ends a request, and what is refused because servers could disagree on it.
@Suite struct FramingTests {
  @Test(arguments: [
    ("", ""),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: ix\r\n\r\n", "200"),
    ("GET / HTTP/1.1\r\nHost: ix\r\n\r\n", "200"),
    ("GET / HTTP/1.1\r\nHost:ix:80\r\n\r\n", "200"),
    ("GET / HTTP/1.1\r\nhOsT: \t[::1]:80 \t\r\n\r\n", "200"),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "200"),
    ("GET / HTTP/1.7\r\nHost: ix\r\n\r\n", "200"),
    ("GET / HTTP/1.0\r\n\r\n", "200 closed"),
    ("GET http://other/a.txt HTTP/1.1\r\nHost: ix\r\n\r\n", "200"),
    ("GET HTTP://ix:80?q HTTP/1.1\r\nHost: ix\r\n\r\n", "200"),
    ("GET / HTTP/1.1\r\nHost: ix\r\nX:\r\nY: a: b\r\nZ: \u{FC}\r\n\r\n", "200"),
  ])
  func whatIsWellFormedIsAnswered(stream: String, outcome: String) {
    #expect(Bench.outcome(of: stream) == outcome)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\nHost: ix\n\n", "GET / HTTP/1.1\r\nHost: ix\n\r\n",
    "GET / HTTP/1.1\rHost: ix\r\n\r\n", "GET / HTTP/1.1\r\nHost: ix\rX\r\n\r\n",
    "\rGET / HTTP/1.1\r\nHost: ix\r\n\r\n", "\nGET / HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: ix\r\n\r\n", "GET /  HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET\t/ HTTP/1.1\r\nHost: ix\r\n\r\n", " GET / HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.1 \r\nHost: ix\r\n\r\n", "GET / a HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET /\r\n\r\n", "GET\r\n\r\n", "/ HTTP/1.1\r\nHost: ix\r\n\r\n",
    "G@T / HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET / http/1.1\r\nHost: ix\r\n\r\n", "GET / HTTP/11\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.10\r\nHost: ix\r\n\r\n", "GET / HTTP/+1.1\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.\r\nHost: ix\r\n\r\n", "GET / HTP/1.1\r\nHost: ix\r\n\r\n",
    "GET a.txt HTTP/1.1\r\nHost: ix\r\n\r\n", "GET * HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET /#a HTTP/1.1\r\nHost: ix\r\n\r\n", "GET /\u{FC} HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET ftp://ix/ HTTP/1.1\r\nHost: ix\r\n\r\n", "GET http:///a HTTP/1.1\r\nHost: ix\r\n\r\n",
    "GET http://u@ix/ HTTP/1.1\r\nHost: ix\r\n\r\n", "CONNECT / HTTP/1.1x\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: ix\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: ix\r\nHost: ix\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: i x\r\n\r\n", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: u@ix\r\n\r\n", "GET / HTTP/1.1\r\nHost : ix\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: ix\r\n\r\n", "GET / HTTP/1.1\r\nHost: ix\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ix\r\n\tfolded\r\n\r\n", "GET / HTTP/1.1\r\nHost: ix\r\nX\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ix\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: ix\r\nA B: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ix\r\nX: \0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ix\r\nX: \u{7F}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ix\r\nX: \u{1B}\r\n\r\n", "\u{16}\u{3}\u{1}",
  ])
  func whatIsMalformedIsRefusedAndEndsTheConnection(stream: String) {
    #expect(Bench.outcome(of: stream + Bench.get("/")) == "400 closed")
  }

  @Test(arguments: ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"])
  func otherVersionsAreRefused(version: String) {
    #expect(Bench.outcome(of: "GET / \(version)\r\nHost: ix\r\n\r\n") == "505 closed")
  }

  /// Requests whose end two servers could see in different places.
  @Test(arguments: [
    ("Content-Length: 5\r\nContent-Length: 5", "400 closed"),
    ("Content-Length: 5\r\nContent-Length: 6", "400 closed"),
    ("Content-Length: 5, 5", "400 closed"), ("Content-Length: +5", "400 closed"),
    ("Content-Length: -1", "400 closed"), ("Content-Length: 0x5", "400 closed"),
    ("Content-Length: 5 5", "400 closed"), ("Content-Length:", "400 closed"),
    ("Content-Length: 5;a", "400 closed"), ("Content-Length : 5", "400 closed"),
    ("Content-Length: \u{B}5", "400 closed"), ("Content-Length: 5.0", "400 closed"),
    ("Content-Length: 18446744073709551621", "413 closed"),
    ("Content-Length: 9223372036854775808", "413 closed"),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", "400 closed"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", "400 closed"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 0", "400 closed"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "400 closed"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "400 closed"),
    ("Transfer-Encoding: chunked, chunked", "400 closed"),
    ("Transfer-Encoding: chunked, identity", "400 closed"),
    ("Transfer-Encoding: chunked;a=b", "400 closed"),
    ("Transfer-Encoding: \"chunked\"", "400 closed"),
    ("Transfer-Encoding: chunked\u{B}", "400 closed"),
    ("Transfer-Encoding:", "400 closed"), ("Transfer-Encoding : chunked", "400 closed"),
    ("Transfer-Encoding\u{B}: chunked", "400 closed"),
    (" Transfer-Encoding: chunked", "400 closed"),
    ("X: y\r\n Transfer-Encoding: chunked", "400 closed"),
    ("X: y\nTransfer-Encoding: chunked", "400 closed"),
    ("Transfer-Encoding: gzip, chunked", "501 closed"),
    ("Transfer-Encoding: identity", "501 closed"), ("Transfer-Encoding: xchunked", "501 closed"),
    ("Expect: 200-ok", "417 closed"),
  ])
  func ambiguousLengthsAreRefused(lines: String, outcome: String) {
    for method in ["GET", "POST"] {
      let request = "\(method) / HTTP/1.1\r\nHost: ix\r\n\(lines)\r\n\r\n"
      #expect(Bench.outcome(of: request + "0\r\n\r\n" + Bench.get("/")) == outcome)
    }
  }

  @Test func chunkedNeedsANewerVersion() {
    let request = "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    #expect(Bench.outcome(of: request) == "400 closed")
  }

  @Test(arguments: [
    "0\r\n\r\n", "000\r\n\r\n", "5\r\nGET /\r\n0\r\n\r\n",
    "a;n=v;w=\"x y\"\r\n0123456789\r\n0\r\n\r\n",
    "A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "1\r\n\0\r\n0;x\r\nTrailer: a\r\nOther: b\r\n\r\n",
  ])
  func bodiesAreReadAndDiscarded(body: String) {
    for (method, status) in [("GET", "200"), ("POST", "405"), ("BREW", "501")] {
      let chunked = "\(method) / HTTP/1.1\r\nHost: ix\r\nTransfer-Encoding: Chunked\r\n\r\n"
      #expect(Bench.outcome(of: chunked + body + Bench.get("/x")) == "\(status) 404")
      let count = body.utf8.count
      let counted = "\(method) / HTTP/1.1\r\nHost: ix\r\nContent-Length: \(count)\r\n\r\n"
      #expect(Bench.outcome(of: counted + body + Bench.get("/x")) == "\(status) 404")
    }
  }

  @Test(arguments: [
    "\r\n", " 5\r\n", "5 \r\n", "+5\r\n", "-1\r\n", "0x5\r\n", "g\r\n", ";\r\n", "5\n", "5\r5",
    "5\r\n01234x", "5\r\n01234\n", "5\r\n01234\rx", "0\r\nX: y\n", "0\r\nX\0: y\r\n", "0\r\n\rx",
    "1;\0\r\n", "1;a\n",
  ])
  func malformedChunksAreRefused(body: String) {
    let request = "GET / HTTP/1.1\r\nHost: ix\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(Bench.outcome(of: request + body + "\r\n\r\n") == "400 closed")
  }

  @Test func aClientThatWaitsIsToldToGoOn() {
    var bench = Bench()
    bench.receive(Bench.get("/a.txt", "Expect: 100-continue", "Content-Length: 2").utf8)
    #expect(bench.text == "HTTP/1.1 100 Continue\r\n\r\n")
    bench.receive("ab".utf8)
    #expect(bench.text == "HTTP/1.1 100 Continue\r\n\r\n" + ReplyTests.text)
  }

  @Test func aBodyBeyondTheLimitIsRefusedBeforeItIsSent() {
    let request = Bench.get("/a.txt", "Expect: 100-continue", "Content-Length: 65537")
    #expect(
      Bench.replies(to: request) == ReplyTests.error("413 Content Too Large", close: true))
  }
}
