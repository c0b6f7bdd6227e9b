import Testing

@testable import KeyValue

@Suite struct StoreTests {
  /// The reference implementation's key and messages 00 01 02 ...; the first hash is also the first
  /// vector of Rust's `SipHasher13`.
  @Test(
    arguments: [
      (0, 0x050F_C4DC), (1, 0x7D57_CA93), (7, 0x9BB1_1140), (8, 0x8D29_9A8E), (15, 0x2A51_9956),
      (16, 0x7D90_8B66), (63, 0xB7BB_B3A8),
    ] as [(Int, UInt32)])
  func hashIsSipHash13(count: Int, expected: UInt32) {
    let hash = KeyHash(seed: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
    let message = Array(0..<UInt8(count))
    #expect(hash(message.span.bytes) == expected)
  }

  @Test func deletingEverythingLeavesNothing() {
    var peer = Peer()
    for index in 0..<3000 {
      let reply = peer.set("k\(index)", Array(repeating: 7, count: index % 700))
      #expect(reply == "STORED\r\n")
    }
    for index in 0..<3000 { _ = peer.send("delete k\(index) noreply\r\n") }
    let count = peer.server.store.itemCount
    let held = peer.server.store.heldChunkCount()
    let fault = peer.server.store.inconsistency()
    #expect(count == 0 && held == 0 && fault == nil)
  }

  @Test func theItemUsedLongestAgoIsEvictedFirst() {
    var peer = Peer(Settings(memoryLimit: 1 << 20))
    // Items of one class: 900 of them fill the only page.
    let value = [UInt8](repeating: 1, count: 1000)
    var count = 0
    while peer.statistic(\.evictions) == 0 {
      _ = peer.set("k\(count)", value)
      count += 1
    }
    #expect(peer.send("get k0\r\n") == "END\r\n")
    peer.server.advance(to: 1)
    #expect(peer.send("get k1\r\n").hasPrefix("VALUE k1 0 1000\r\n"))
    _ = peer.set("new", value)
    #expect(peer.send("get k2\r\n") == "END\r\n")
    #expect(peer.send("get k1\r\n").hasPrefix("VALUE"))
    let evictions = peer.statistic(\.evictions)
    #expect(evictions == 2)
  }

  @Test func withoutEvictionMemoryEnds() {
    var settings = Settings(memoryLimit: 1 << 20)
    settings.evicts = false
    var peer = Peer(settings)
    var reply = ""
    var count = 0
    repeat {
      reply = peer.set("k\(count)", [UInt8](repeating: 1, count: 10000))
      count += 1
    } while reply == "STORED\r\n"
    #expect(reply == "SERVER_ERROR out of memory storing object\r\n")
    #expect(count > 80)
    #expect(peer.send("get k0\r\n").hasPrefix("VALUE"))
    #expect(peer.send("delete k0\r\n") == "DELETED\r\n")
    #expect(peer.set("again", [UInt8](repeating: 1, count: 10000)) == "STORED\r\n")
  }

  @Test func pagesMoveToTheClassThatNeedsThem() {
    var peer = Peer(Settings(memoryLimit: 3 << 20))
    for index in 0..<30000 { _ = peer.set("small\(index)", [UInt8](repeating: 1, count: 60)) }
    for size in [500, 5000, 50000, 500_000, 1_000_000] {
      let value = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
      #expect(peer.set("v\(size)", value) == "STORED\r\n")
      let reply = peer.send(Array("get v\(size)\r\n".utf8))
      #expect(reply.count == "VALUE v\(size) 0 \(size)\r\n".utf8.count + size + 7)
      let fault = peer.server.store.inconsistency()
      #expect(fault == nil)
    }
    let moved = peer.statistic(\.pagesMoved)
    #expect(moved >= 3)
  }

  /// A value in flight keeps its memory through deletion, replacement, eviction and page moves.
  @Test(arguments: [
    "delete big\r\n", "set big 0 0 1\r\nx\r\n", "append big 0 0 1\r\nx\r\n", "flush_all\r\n",
  ])
  func lentValuesStayUnchanged(command: String) throws {
    var peer = Peer(Settings(memoryLimit: 2 << 20))
    let value = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    _ = peer.set("big", value)
    let request = Array("get big\r\n".utf8)
    _ = peer.server.receive(request.span.bytes, on: 0, room: 1 << 20)
    let lent = peer.server.replyLoan(1)
    let loan = try #require(lent)
    _ = peer.send(command)
    for index in 0..<200 { _ = peer.set("k\(index)", Array(repeating: 0, count: 90_000)) }
    let item = Item(number: UInt32(loan))
    let bytes = peer.server.store.memory.value(of: item).withUnsafeBytes { Array($0) }
    #expect(bytes == value)
    let before = peer.server.store.heldChunkCount()
    peer.server.returned(loan: loan)
    let after = peer.server.store.heldChunkCount()
    let fault = peer.server.store.inconsistency()
    #expect(fault == nil && after <= before)
  }

  @Test func smallValuesAreCopiedAndLargeOnesLent() {
    var peer = Peer()
    peer.returnsLoans = false
    for (size, loans) in [(0, 0), (128, 0), (129, 1), (5000, 1)] {
      _ = peer.set("k", Array(repeating: 1, count: size))
      _ = peer.send("get k\r\n")
      let count = peer.loans.count
      #expect(count == loans, "\(size) bytes")
      peer.returnLoans()
    }
  }

  @Test func aConnectionThatEndsGivesBackWhatItHeld() {
    var peer = Peer()
    _ = peer.send("set a 0 0 100000\r\nxyz")
    _ = peer.server.connected(1)
    _ = peer.send("ms b 5 k O1 c\r\nab", on: 1)
    _ = peer.server.connected(2)
    _ = peer.send("get abc", on: 2)
    let (chunks, blocks) = (peer.server.store.heldChunkCount(), peer.server.blocks.usedCount)
    #expect(chunks == 2 && blocks == 2)
    for number in 0..<3 as Range<UInt32> { peer.server.ended(number) }
    let (chunksLeft, blocksLeft) = (
      peer.server.store.heldChunkCount(), peer.server.blocks.usedCount
    )
    #expect(chunksLeft == 0 && blocksLeft == 0)
  }
}
