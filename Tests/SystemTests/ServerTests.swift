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
}
