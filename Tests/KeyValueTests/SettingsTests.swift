import Testing

@testable import KeyValue

@Suite struct SettingsTests {
  @Test func argumentsAreMemcacheds() {
    var settings = Settings(memoryLimit: 1)
    let text = Array(" -m 100 -I 2m  -c7 -M unix=1234567890 ".utf8)
    let isUnderstood = settings.apply(arguments: text.span.bytes)
    #expect(isUnderstood)
    #expect(settings.memoryLimit == 100 << 20)
    #expect(settings.itemByteLimit == 2 << 20)
    #expect(settings.connectionLimit == 7)
    #expect(settings.evicts == false)
    #expect(settings.unixTime == 1_234_567_890)
  }

  @Test(arguments: [
    "-m", "-m 0", "-m x", "-m -1", "m", "-", "-z 1", "-I 1", "-I 1g", "-c 0", "unix=x",
  ])
  func whatIsNotUnderstoodIsSaid(text: String) {
    var settings = Settings(memoryLimit: 1)
    let isUnderstood = settings.apply(arguments: Array(text.utf8).span.bytes)
    #expect(!isUnderstood)
  }

  @Test func itemLimitIsTheSettings() {
    var settings = Settings(memoryLimit: 16 << 20)
    settings.itemByteLimit = 4 << 20
    var peer = Peer(settings)
    #expect(peer.set("a", Array(repeating: 1, count: (4 << 20) - 60)) == "STORED\r\n")
    #expect(peer.send(Array("get a\r\n".utf8)).count > 4 << 20 - 60)
    #expect(peer.set("a", Array(repeating: 1, count: (4 << 20) - 59)).hasPrefix("SERVER_ERROR"))
    #expect(peer.send("get a\r\n") == "END\r\n")
  }

  @Test func connectionsAreLimited() {
    var settings = Settings(memoryLimit: 1 << 20)
    settings.connectionLimit = 2
    var peer = Peer(settings)
    let second = peer.server.connected(1)
    let third = peer.server.connected(2)
    peer.server.ended(0)
    let fourth = peer.server.connected(2)
    #expect(second && !third && fourth)
  }
}
