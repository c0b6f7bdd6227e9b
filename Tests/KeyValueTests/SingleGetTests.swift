import Testing

@testable import KeyValue

/// The shortest way to answer a `get` says and counts what the general one does.
@Suite struct SingleGetTests {
  /// A server with items of many sizes, after its client's first request.
  private static func peer() -> Peer {
    var peer = Peer()
    for size in [0, 1, 2, 6, 7, 9, 10, 99, 100, 127, 128, 129, 5000] {
      _ = peer.set("v\(size)", Array(repeating: UInt8(ascii: "x"), count: size))
    }
    for length in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 249, 250] {
      _ = peer.set(String(repeating: "k", count: length), [UInt8(ascii: "a") + UInt8(length % 26)])
    }
    _ = peer.send("set flags 4294967295 0 3\r\nabc\r\nset old 0 5 1\r\nx\r\n")
    return peer
  }

  /// What the shortest way answers; nil when it leaves the request to `receive`.
  private static func answer(_ request: [UInt8], of peer: inout Peer) -> [UInt8]? {
    var block = [UInt8](repeating: 0xAA, count: 2048)
    return answer(request, of: &peer, on: 0, into: &block).map { Array(block.prefix($0)) }
  }

  private static func answer(
    _ request: [UInt8], of peer: inout Peer, on number: UInt32, into block: inout [UInt8]
  ) -> Int? {
    var span = block.mutableSpan
    var bytes = span.mutableBytes
    return peer.server.answerSingleGet(request.span.bytes, on: number, into: &bytes)
  }

  /// Compares both ways on servers with the same past; returns whether the shortest one answered.
  @discardableResult
  private static func compare(_ request: [UInt8], after seconds: UInt32 = 0) -> Bool {
    var short = peer()
    var general = peer()
    short.server.advance(to: seconds)
    general.server.advance(to: seconds)
    guard let found = answer(request, of: &short) else {
      let untouched = short.statistic(\.getCommands) == general.statistic(\.getCommands)
      #expect(untouched)
      return false
    }
    let expected = general.send(request)
    #expect(found == expected)
    for counter in [
      \.getCommands, \.getHits, \.getMisses, \.getExpired, \.getFlushed, \.bytesRead,
      \.bytesWritten, \.reclaimed,
    ] as [KeyPath<Counters, UInt64>] {
      let (one, other) = (short.statistic(counter), general.statistic(counter))
      #expect(one == other)
    }
    return true
  }

  @Test(arguments: 1...250) func keysOfEveryLengthAreFoundOrMissed(length: Int) {
    let key = String(repeating: "k", count: length)
    #expect(Self.compare(Array("get \(key)\r\n".utf8)))
  }

  @Test(arguments: [0, 1, 2, 6, 7, 9, 10, 99, 100, 127, 128])
  func smallValuesAreAnswered(size: Int) {
    #expect(Self.compare(Array("get v\(size)\r\n".utf8)))
  }

  @Test func flagsAndDeadItemsAreAnswered() {
    #expect(Self.compare(Array("get flags\r\n".utf8)))
    #expect(Self.compare(Array("get old\r\n".utf8), after: 4))
    #expect(Self.compare(Array("get old\r\n".utf8), after: 5))
  }

  @Test(arguments: [
    "", "g", "get", "get ", "get \r\n", "get\r\n\r\n", "get  v1\r\n", "get v1 \r\n",
    "get v1 v2\r\n", "get v1\n", "get v1\r", "get v1\r\nget v2\r\n", "get v1\r\n\r\n",
    "gets v1\r\n", "GET v1\r\n", "mg v1 v\r\n", "get v129\r\n", "get v5000\r\n",
    "get a\tb\r\n", "get a\0b\r\n", "get aaaaaaaa\u{1}aaaaaaaa\r\n",
    "get aaaaaaaaaaaaaaaaaaaa\u{1}\r\n", "get \u{1}aaaaaaaaaaaaaaaaaaa\r\n",
  ])
  func everythingElseIsLeftToTheGeneralWay(request: String) {
    #expect(!Self.compare(Array(request.utf8)))
  }

  @Test func aKeyThatIsTooLongIsLeftToTheGeneralWay() {
    #expect(!Self.compare(Array("get \(String(repeating: "k", count: 251))\r\n".utf8)))
  }

  @Test func unfinishedRequestsAndOtherProtocolsAreLeftToTheGeneralWay() {
    let get = Array("get v1\r\n".utf8)
    for beginning in ["get v", "set a 0 0 20\r\nx", "gets v1 v2"] {
      var peer = Self.peer()
      _ = peer.send(beginning)
      let isAnswered = Self.answer(get, of: &peer) != nil
      #expect(!isAnswered)
    }
    var fresh = Peer()
    let isAnsweredFirst = Self.answer(get, of: &fresh) != nil
    #expect(!isAnsweredFirst)
    var block = [UInt8](repeating: 0, count: 2048)
    let isAnsweredToNobody = Self.answer(get, of: &fresh, on: 99, into: &block) != nil
    #expect(!isAnsweredToNobody)
  }

  @Test func aReplyWithoutRoomForTheLargestAnswerIsNotUsed() {
    var peer = Self.peer()
    var block = [UInt8](repeating: 0, count: Replies.answerByteLimit - 1)
    let request = Array("get v1\r\n".utf8)
    let isAnswered = Self.answer(request, of: &peer, on: 0, into: &block) != nil
    #expect(!isAnswered)
  }
}
