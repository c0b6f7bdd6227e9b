import Testing

@testable import ixload

/// Feeds `answer` in pieces of `step` bytes; whether the last one, and none before, completed it.
private func isCompleted<Load: Workload>(
  _ load: inout Load, _ exchange: inout Load.Exchange, by answer: [UInt8], step: Int
) throws -> Bool {
  var offset = 0
  while offset < answer.count {
    let end = min(offset + step, answer.count)
    let isComplete = try load.check(answer[offset..<end], in: &exchange)
    if isComplete { return end == answer.count }
    offset = end
  }
  return false
}

@Suite struct EchoWorkloadTests {
  @Test(arguments: [1, 7, 64, 4096])
  func theSameBytesCompleteAMessage(step: Int) throws {
    var load = EchoWorkload(sizes: 1...5000, seed: 3)
    for _ in 0..<50 {
      var request: [UInt8] = []
      var exchange = load.begin(&request)
      #expect(try isCompleted(&load, &exchange, by: request, step: step))
      #expect(load.byteCount(of: exchange) == request.count)
    }
  }

  @Test func oneWrongByteIsFound() {
    var load = EchoWorkload(sizes: 64...64, seed: 3)
    for place in 0..<64 {
      var request: [UInt8] = []
      var exchange = load.begin(&request)
      request[place] ^= 1
      #expect(throws: LoadError.self) { try load.check(request[...], in: &exchange) }
    }
  }

  @Test func oneByteTooManyIsFound() {
    var load = EchoWorkload(sizes: 64...64, seed: 3)
    var request: [UInt8] = []
    var exchange = load.begin(&request)
    request.append(0)
    #expect(throws: LoadError.self) { try load.check(request[...], in: &exchange) }
  }
}

@Suite struct MemcachedWorkloadTests {
  /// Sizes of many keys and values of a mix.
  private func sizes(_ name: MemcachedMix.Name) -> (keys: [Int], values: [Int]) {
    let mix = MemcachedMix(named: name)
    var random = SplitMix64(state: 5)
    return (
      (0..<20_000).map { _ in mix.keyByteCount(&random) },
      (0..<20_000).map { _ in mix.valueByteCount(&random) }
    )
  }

  @Test func userKeysAndValuesAreThoseOfThePaper() {
    let (keys, values) = sizes(.usr)
    #expect(Set(keys) == [16, 21])
    #expect(Set(values) == [2])
  }

  @Test func etcSizesFollowTheFittedDistributions() {
    let (keys, values) = sizes(.etc)
    #expect(keys.allSatisfy { 20...70 ~= $0 } && values.allSatisfy { 1...1024 ~= $0 })
    // The median of the fitted distribution of keys is 30.8 - 8.2 * ln(ln 2), about 33.9.
    #expect(32...36 ~= keys.sorted()[10_000])
    // Values of two bytes have 17.82 %, those of 11 bytes 8.989 %.
    #expect(3400...3740 ~= values.count { $0 == 2 })
    #expect(1650...1950 ~= values.count { $0 == 11 })
    #expect(8400...9300 ~= values.count { $0 < 15 })
  }

  @Test func requestsAndTheirAnswersBelongTogether() throws {
    var load = MemcachedWorkload(MemcachedMix(named: .usr), keyCount: 2, seed: 1)
    var request: [UInt8] = []
    var exchange = load.begin(&request)
    let set = String(decoding: request, as: UTF8.self)
    #expect(set.hasPrefix("set k") && set.hasSuffix("\r\n"))
    #expect(try isCompleted(&load, &exchange, by: Array("STORED\r\n".utf8), step: 3))
    load.isFilled = true
    request = []
    exchange = load.begin(&request)
    let get = String(decoding: request, as: UTF8.self)
    #expect(get.hasPrefix("get k"))
    #expect(throws: LoadError.self) { try load.check(Array("END\r\n".utf8)[...], in: &exchange) }
  }

  /// A GET and its answer as the binary protocol's specification lays them out; the CAS number is the
  /// server's choice, everything else is compared.
  @Test(arguments: 1...31) func binaryAnswersAreComparedButForTheirCAS(step: Int) throws {
    var load = MemcachedWorkload(
      MemcachedMix(named: .get), keyCount: 1, seed: 1, format: .binary)
    var set: [UInt8] = []
    _ = load.begin(&set)
    let value = set.suffix(2)
    load.isFilled = true
    var get: [UInt8] = []
    var exchange = load.begin(&get)
    let keyByteCount = UInt8(get.count - 24)
    #expect(Array(get.prefix(12)) == [0x80, 0, 0, keyByteCount, 0, 0, 0, 0, 0, 0, 0, keyByteCount])
    #expect(Array(set.prefix(2)) == [0x80, 1] && set[4] == 8 && set.count == get.count + 10)
    let head: [UInt8] = [0x81, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0]
    let answer = head + [9, 8, 7, 6, 5, 4, 3, 2] + [0, 0, 0, 0] + value
    #expect(try isCompleted(&load, &exchange, by: answer, step: step))
    for wrong in [3, 15, 24, 29] {
      var bytes = answer
      bytes[wrong] ^= 1
      var other = load.begin(&get)
      #expect(throws: LoadError.self) {
        _ = try isCompleted(&load, &other, by: bytes, step: step)
      }
    }
  }
}

@Suite struct HTTPWorkloadTests {
  private static let answer = Array(
    "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:  5\r\n\r\nhello".utf8)

  @Test(arguments: 1...60)
  func headAndBodyAreFoundHoweverTheyAreCut(step: Int) throws {
    var load = HTTPWorkload(path: "/", host: "h")
    for _ in 0..<3 {
      var request: [UInt8] = []
      var exchange = load.begin(&request)
      #expect(try isCompleted(&load, &exchange, by: Self.answer, step: step))
    }
  }

  @Test(arguments: ["hellO", "hell", "hello!"])
  func anotherBodyThanTheFirstIsFound(_ body: String) throws {
    var load = HTTPWorkload(path: "/", host: "h")
    var request: [UInt8] = []
    var first = load.begin(&request)
    #expect(try load.check(Self.answer[...], in: &first))
    var second = load.begin(&request)
    let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    #expect(throws: LoadError.self) { try load.check(answer[...], in: &second) }
  }

  @Test func onlySuccessIsOne() {
    var load = HTTPWorkload(path: "/", host: "h")
    var request: [UInt8] = []
    var exchange = load.begin(&request)
    let answer = Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
    #expect(throws: LoadError.self) { try load.check(answer[...], in: &exchange) }
  }
}
