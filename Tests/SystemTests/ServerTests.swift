import Testing

/// The servers' images against clients nobody here wrote.
@Suite(.serialized) struct ServerTests {
  @Test func theMemcachedServerPassesMemccapable() throws {
    let port = freePort()
    let guest = try Guest("kv", ["--forward", "\(port):11211"])
    #expect(guest.waitUntilListening())
    let capable = try shell(["memccapable", "-h", "127.0.0.1", "-p", "\(port)"], seconds: 120)
    #expect(capable.output.contains("All tests passed"), "\(capable.output)")
    #expect(guest.stop().status == 0)
  }

  @Test func theWebServerServesCurl() throws {
    let port = freePort()
    let guest = try Guest("http", ["--forward", "\(port):80"])
    #expect(guest.waitUntilListening())
    let address = "http://127.0.0.1:\(port)"
    func curl(_ options: [String]) throws -> String {
      try shell(["curl", "-sS", "--max-time", "20"] + options).output
    }
    let page = try curl(["\(address)/"])
    #expect(page.contains("<title>"))
    let statuses = try [
      ["\(address)/"], ["-r", "0-9", "\(address)/"], ["-I", "\(address)/"], ["-0", "\(address)/"],
      ["\(address)/absent"], ["-r", "1000000-", "\(address)/"], ["-X", "DELETE", "\(address)/"],
    ].map { try curl(["-o", "/dev/null", "-w", "%{http_code}"] + $0) }
    #expect(statuses == ["200", "206", "200", "200", "404", "416", "405"])
    let twice = try curl(["\(address)/", "\(address)/"])
    #expect(twice == page + page)
    #expect(guest.stop().status == 0)
  }

  @Test func loadGeneratorsSeeNoFailure() throws {
    let port = freePort()
    let guest = try Guest("http", ["--forward", "\(port):80"])
    #expect(guest.waitUntilListening())
    let address = "http://127.0.0.1:\(port)/"
    let wrk = try shell(["wrk", "-t", "1", "-c", "8", "-d", "2s", address])
    #expect(wrk.output.contains(" requests in "), "\(wrk.output)")
    #expect(!wrk.output.contains("errors"), "\(wrk.output)")
    #expect(!wrk.output.contains("Non-2xx"), "\(wrk.output)")
    let ab = try shell(["ab", "-k", "-q", "-n", "500", "-c", "8", address])
    #expect(ab.output.contains("Failed requests:        0\n"), "\(ab.output)")
    #expect(ab.output.contains("Keep-Alive requests:    500\n"), "\(ab.output)")
    #expect(guest.stop().status == 0)
  }

  /// Clients that send half a request, bytes of one now and then, or nothing; meanwhile others are
  /// served.
  @Test func theWebServerEndsClientsThatTakeTooLong() throws {
    let port = freePort()
    let guest = try Guest("http", ["--forward", "\(port):80", "--args", "head=1 idle=2 body=1"])
    #expect(guest.waitUntilListening())
    let script = """
      client() { exec 3<>/dev/tcp/127.0.0.1/\(port); printf "$1" >&3
        (for i in 1 2 3 4 5 6 7 8; do sleep 0.5; printf "$2" >&3; done) 2> /dev/null &
        timeout -s KILL 15 head -c 12 <&3; echo " end"; }
      client 'GET / HTTP/1.1\\r\\nX: ' x; client '' ''
      client 'GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 99\\r\\n\\r\\n' y
      curl -s -m 10 -o /dev/null -w '%{http_code}' http://127.0.0.1:\(port)/
      """
    let ended = try shell(["timeout", "-s", "KILL", "50", "bash", "-c", script], seconds: 60)
    #expect(ended.output == "HTTP/1.1 408 end\n end\nHTTP/1.1 408 end\n200")
    #expect(guest.stop().status == 0)
  }
}
