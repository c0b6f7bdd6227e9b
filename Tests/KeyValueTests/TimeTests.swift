import Testing

@testable import KeyValue

@Suite struct TimeTests {
  @Test func itemsLiveAsLongAsTheyAreGiven() {
    var peer = Peer()
    #expect(peer.set("a", [49], time: 10) == "STORED\r\n")
    peer.server.advance(to: 9)
    #expect(peer.send("mg a t\r\n") == "HD t1\r\n")
    peer.server.advance(to: 10)
    #expect(peer.send("get a\r\n") == "END\r\n")
    let (expired, held) = (peer.statistic(\.getExpired), peer.server.store.heldChunkCount())
    #expect(expired == 1 && held == 0)
  }

  /// Up to 30 days a time counts from now, beyond that from 1970.
  @Test(arguments: [
    (2_592_000, 2_592_000), (1_000_000_100, 100), (1_000_000_000, 0), (2_592_001, 0), (-1, 0),
  ])
  func timesAreRelativeOrAbsolute(time: Int, lifetime: UInt32) {
    var settings = Settings(memoryLimit: 1 << 20)
    settings.unixTime = 1_000_000_000
    var peer = Peer(settings)
    _ = peer.set("a", [49], time: time)
    if lifetime > 0 {
      peer.server.advance(to: lifetime - 1)
      #expect(peer.send("get a\r\n") != "END\r\n")
    }
    peer.server.advance(to: lifetime)
    #expect(peer.send("get a\r\n") == "END\r\n")
  }

  @Test func withoutWallTimeAbsoluteTimesAreFarAway() {
    var peer = Peer()
    _ = peer.set("a", [49], time: 1_700_000_000)
    peer.server.advance(to: 1_000_000_000)
    #expect(peer.send("get a\r\n") != "END\r\n")
  }

  @Test func touchGivesANewTime() {
    var peer = Peer()
    _ = peer.set("a", [49], time: 10)
    #expect(peer.send("touch a 100\r\ngat 200 a\r\n").hasPrefix("TOUCHED\r\nVALUE"))
    peer.server.advance(to: 199)
    #expect(peer.send("mg a t\r\n") == "HD t1\r\n")
    peer.server.advance(to: 200)
    #expect(peer.send("touch a 100\r\n") == "NOT_FOUND\r\n")
  }

  @Test func aFlushMayWait() {
    var peer = Peer()
    _ = peer.set("a", [49])
    #expect(peer.send("flush_all 10\r\n") == "OK\r\n")
    peer.server.advance(to: 9)
    _ = peer.set("b", [49])
    #expect(peer.send("get a\r\n") != "END\r\n")
    peer.server.advance(to: 10)
    _ = peer.set("c", [49])
    #expect(peer.send("get a b\r\n") == "END\r\n")
    #expect(peer.send("get c\r\n") == "VALUE c 0 1\r\n1\r\nEND\r\n")
  }

  @Test func manyFlushesForgetNothing() {
    var peer = Peer(Settings(memoryLimit: 1 << 20))
    _ = peer.set("a", [49])
    let flushes = String(repeating: "flush_all noreply\r\n", count: 1024)
    for _ in 0..<64 { _ = peer.send(flushes) }
    #expect(peer.send("get a\r\n") == "END\r\n")
    let (count, fault) = (peer.server.store.itemCount, peer.server.store.inconsistency())
    #expect(count == 0 && fault == nil)
  }
}
