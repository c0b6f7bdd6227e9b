import Testing

@testable import HTTP

@Suite struct LimitTests {
  static func repeated(_ count: Int, _ character: String = "x") -> String {
    String(repeating: character, count: count)
  }

  @Test func theRequestLineMayBeAsLongAsTheLimit() {
    let overhead = "GET / HTTP/1.1".utf8.count
    for (extra, outcome) in [(-1, "404"), (0, "404"), (1, "414 closed"), (70_000, "414 closed")] {
      let request = Bench.get("/" + Self.repeated(Limits().requestLineByteCount - overhead + extra))
      #expect(Bench.outcome(of: request) == outcome)
    }
    #expect(Bench.outcome(of: Self.repeated(Limits().requestLineByteCount)) == "")
    #expect(Bench.outcome(of: Self.repeated(Limits().requestLineByteCount + 1)) == "414 closed")
  }

  @Test func theHeaderLinesMayBeAsLongAsTheLimit() {
    let overhead = "Host: ix\r\nX: \r\n".utf8.count
    for (extra, outcome) in [(-1, "200"), (0, "200"), (1, "431 closed"), (70_000, "431 closed")] {
      let value = Self.repeated(Limits().fieldsByteCount - overhead + extra)
      #expect(Bench.outcome(of: Bench.get("/", "X: " + value)) == outcome)
    }
    let lines = Self.repeated(Limits().fieldsByteCount / 4, "X:\r\n")
    #expect(Bench.outcome(of: "GET / HTTP/1.0\r\n" + lines + "\r\n") == "200 closed")
    #expect(Bench.outcome(of: "GET / HTTP/1.0\r\n" + lines + "X:\r\n\r\n") == "431 closed")
  }

  @Test func theBodyMayBeAsLongAsTheLimit() {
    let limit = Limits().bodyByteCount
    for (extra, outcome) in [
      (-1, "200"), (0, "200"), (1, "413 closed"), (.max - limit, "413 closed"),
    ] {
      let request = Bench.get("/", "Content-Length: \(limit + extra)")
      let body = outcome == "200" ? Self.repeated(limit + extra) : ""
      #expect(Bench.outcome(of: request + body) == outcome)
    }
  }

  @Test func chunksMayBeAsLongAsTheLimitTogether() {
    let request = Bench.get("/", "Transfer-Encoding: chunked")
    let half = Limits().bodyByteCount / 2
    let chunk = String(half, radix: 16) + "\r\n" + Self.repeated(half) + "\r\n"
    #expect(Bench.outcome(of: request + chunk + chunk + "0\r\n\r\n") == "200")
    #expect(Bench.outcome(of: request + chunk + chunk + "1\r\n") == "413 closed")
    #expect(Bench.outcome(of: request + "10001\r\n") == "413 closed")
    #expect(Bench.outcome(of: request + Self.repeated(16, "f") + "\r\n") == "413 closed")
    #expect(Bench.outcome(of: request + Self.repeated(256, "0") + "\r\n\r\n") == "200")
    #expect(Bench.outcome(of: request + Self.repeated(257, "0")) == "400 closed")
    #expect(Bench.outcome(of: request + "1;" + Self.repeated(300)) == "400 closed")
    #expect(Bench.outcome(of: request + "0\r\n" + Self.repeated(8192) + "\r\n\r\n") == "200")
    #expect(Bench.outcome(of: request + "0\r\n" + Self.repeated(8193)) == "431 closed")
  }

  @Test func aClientThatDoesNotReadIsNotAnswered() {
    var bench = Bench(room: 100)
    let requests = Array((Bench.get("/a.txt") + Bench.get("/docs/") + Bench.get("/x")).utf8)
    let first = Bench.get("/a.txt").utf8.count
    #expect(bench.receive(requests) == first)
    #expect(bench.text == ReplyTests.text)
    #expect(bench.receive(requests, from: first) == first)
    bench.output.limit = bench.output.bytes.count + 1
    let second = first + Bench.get("/docs/").utf8.count
    #expect(bench.receive(requests, from: first) == second)
    bench.output.limit = .max
    #expect(bench.receive(requests, from: second) == requests.count)
    #expect(
      bench.text == Bench.replies(to: String(decoding: requests, as: UTF8.self)))
  }
}
