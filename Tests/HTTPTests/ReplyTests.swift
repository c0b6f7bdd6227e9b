import Testing

@testable import HTTP

/// Requests with the replies to them, byte for byte.
@Suite struct ReplyTests {
  static let tag = tag(of: "0123456789")

  static func tag(of content: String) -> String {
    var text: [UInt8] = []
    EntityTag(hashing: Array(content.utf8)).append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  static func whole(_ content: String, _ type: String, _ connection: String = "") -> String {
    """
    HTTP/1.1 200 OK\r
    Server: IX\r
    Content-Type: \(type)\r
    Content-Length: \(content.utf8.count)\r
    ETag: \(tag(of: content))\r
    Accept-Ranges: bytes\r
    \(connection)\r\n
    """
  }

  static func error(_ status: String, _ fields: String = "", close: Bool = false) -> String {
    """
    HTTP/1.1 \(status)\r
    Server: IX\r
    \(fields)Content-Type: text/plain; charset=utf-8\r
    Content-Length: \(status.utf8.count + 1)\r
    \(close ? "Connection: close\r\n" : "")\r
    \(status)

    """
  }

  static let text = whole("0123456789", "text/plain; charset=utf-8") + "0123456789"
  static let close = "Connection: close\r\n"

  @Test func aFileIsSentWithWhatIsKnownOfIt() {
    #expect(Bench.replies(to: Bench.get("/a.txt")) == Self.text)
    #expect(Bench.replies(to: Bench.get("/a.txt?x=/../y")) == Self.text)
    #expect(
      Bench.replies(to: Bench.get("/empty.css")) == Self.whole("", "text/css; charset=utf-8"))
    #expect(
      Bench.replies(to: Bench.get("/noextension"))
        == Self.whole("raw", "application/octet-stream") + "raw")
  }

  @Test func anIndexAnswersForItsDirectory() {
    let index = Self.whole("<h1>IX</h1>\n", "text/html; charset=utf-8") + "<h1>IX</h1>\n"
    #expect(Bench.replies(to: Bench.get("/")) == index)
    #expect(Bench.replies(to: Bench.get("/index.html")) == index)
    #expect(Bench.replies(to: Bench.get("http://ix")) == index)
    #expect(
      Bench.replies(to: Bench.get("/docs/"))
        == Self.whole("docs", "text/html; charset=utf-8") + "docs")
    #expect(
      Bench.replies(to: Bench.get("/docs"))
        == """
        HTTP/1.1 301 Moved Permanently\r
        Server: IX\r
        Location: /docs/\r
        Content-Length: 0\r
        \r\n
        """)
  }

  @Test func headSendsTheSameHeadAndNothingElse() {
    let head = Self.whole("0123456789", "text/plain; charset=utf-8")
    #expect(Bench.replies(to: "HEAD /a.txt HTTP/1.1\r\nHost: ix\r\n\r\n") == head)
    #expect(
      Bench.replies(to: "HEAD /a.txt HTTP/1.1\r\nHost: ix\r\nRange: bytes=1-2\r\n\r\n") == head)
    #expect(
      Bench.replies(to: "HEAD /x HTTP/1.1\r\nHost: ix\r\n\r\n")
        == String(Self.error("404 Not Found").dropLast(14)))
  }

  @Test func aPartIsSentWithItsPlace() {
    let part = """
      HTTP/1.1 206 Partial Content\r
      Server: IX\r
      Content-Type: text/plain; charset=utf-8\r
      Content-Range: bytes 2-4/10\r
      ETag: \(Self.tag)\r
      Content-Length: 3\r
      \r
      234
      """
    #expect(Bench.replies(to: Bench.get("/a.txt", "Range: bytes=2-4")) == part)
    #expect(
      Bench.replies(to: Bench.get("/a.txt", "Range: bytes=2-4", "If-Range: \(Self.tag)")) == part)
    for validator in ["\"other\"", "W/\(Self.tag)", "Mon, 01 Jan 2024 00:00:00 GMT"] {
      let request = Bench.get("/a.txt", "Range: bytes=2-4", "If-Range: \(validator)")
      #expect(Bench.replies(to: request) == Self.text)
    }
    #expect(
      Bench.replies(to: Bench.get("/a.txt", "Range: bytes=10-"))
        == Self.error("416 Range Not Satisfiable", "Content-Range: bytes */10\r\n"))
    #expect(Bench.replies(to: Bench.get("/a.txt", "Range: bytes=0-1,3-4")) == Self.text)
    #expect(
      Bench.replies(to: Bench.get("/a.txt", "Range: bytes=0-1", "Range: bytes=3-4")) == Self.text)
  }

  @Test func conditionsAreEvaluated() {
    let unmodified = "HTTP/1.1 304 Not Modified\r\nServer: IX\r\nETag: \(Self.tag)\r\n\r\n"
    for list in [Self.tag, "W/\(Self.tag)", "*", "\"a,b\", \(Self.tag)", "\"\",W/\(Self.tag) ,"] {
      #expect(Bench.replies(to: Bench.get("/a.txt", "If-None-Match: \(list)")) == unmodified)
    }
    let twoLines = Bench.get("/a.txt", "If-None-Match: \"1\"", "If-None-Match: \(Self.tag)")
    #expect(Bench.replies(to: twoLines) == unmodified)
    for list in ["\"other\"", "", "\"", "W/", "\(Self.tag.dropLast())", "x, \(Self.tag)"] {
      #expect(Bench.replies(to: Bench.get("/a.txt", "If-None-Match: \(list)")) == Self.text)
    }
    #expect(Bench.replies(to: Bench.get("/a.txt", "If-Match: \(Self.tag)")) == Self.text)
    #expect(
      Bench.replies(to: Bench.get("/a.txt", "If-Match: W/\(Self.tag)"))
        == Self.error("412 Precondition Failed"))
    #expect(
      Bench.replies(to: Bench.get("/x", "If-None-Match: *")) == Self.error("404 Not Found"))
  }

  @Test func theReplySaysWhetherTheConnectionStays() {
    let closing =
      Self.whole("0123456789", "text/plain; charset=utf-8", Self.close) + "0123456789"
    #expect(Bench.replies(to: Bench.get("/a.txt", "Connection: foo, Close")) == closing)
    #expect(Bench.replies(to: "GET /a.txt HTTP/1.0\r\n\r\n") == closing)
    #expect(
      Bench.replies(to: "GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        == Self.whole(
          "0123456789", "text/plain; charset=utf-8", "Connection: keep-alive\r\n")
        + "0123456789")
    #expect(Bench.outcome(of: Bench.get("/", "Connection: close") + Bench.get("/")) == "200 closed")
    #expect(Bench.outcome(of: "GET / HTTP/1.0\r\n\r\n" + Bench.get("/")) == "200 closed")
  }

  @Test func otherMethodsAreRefused() {
    let notAllowed = Self.error("405 Method Not Allowed", "Allow: GET, HEAD\r\n")
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"] {
      #expect(Bench.replies(to: "\(method) /a.txt HTTP/1.1\r\nHost: ix\r\n\r\n") == notAllowed)
    }
    #expect(Bench.replies(to: "OPTIONS * HTTP/1.1\r\nHost: ix\r\n\r\n") == notAllowed)
    #expect(Bench.replies(to: "CONNECT ix:80 HTTP/1.1\r\nHost: ix\r\n\r\n") == notAllowed)
    for method in ["BREW", "get", "X"] {
      #expect(
        Bench.replies(to: "\(method) / HTTP/1.1\r\nHost: ix\r\n\r\n")
          == Self.error("501 Not Implemented"))
    }
  }

  @Test func countersCanBeRead() {
    var bench = Bench()
    bench.server.counters.connectionCount = 7
    bench.receive((Bench.get("/a.txt") + Bench.get("/x")).utf8)
    let sent = bench.output.bytes.count
    bench.output.bytes = []
    bench.receive(Bench.get("/.well-known/ix-metrics").utf8)
    let body = """
      # TYPE ix_http_connections_total counter
      ix_http_connections_total 7
      # TYPE ix_http_sent_bytes_total counter
      ix_http_sent_bytes_total \(sent)
      # TYPE ix_http_requests_total counter
      ix_http_requests_total{status="200"} 1
      ix_http_requests_total{status="404"} 1

      """
    #expect(
      bench.text == """
        HTTP/1.1 200 OK\r
        Server: IX\r
        Content-Type: text/plain; version=0.0.4\r
        Cache-Control: no-store\r
        Content-Length: \(body.utf8.count)\r
        \r
        \(body)
        """)
  }
}
