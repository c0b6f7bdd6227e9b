/// GETs and SETs in memcached's text protocol. A key has the same value for ever, so that whole
/// answers are known beforehand whatever the order of requests was.
struct MemcachedWorkload: Workload {
  /// Where the bytes of one key's messages are in `script`.
  private struct Key {
    let get: Range<Int>
    let set: Range<Int>
    let value: Range<Int>
  }

  private let mix: MemcachedMix
  private var keys: [Key] = []
  /// Requests and answers, one after the other.
  private var script: [UInt8]
  private static let stored = Array("STORED\r\n".utf8)
  private var random: SplitMix64
  /// Keys are set one after the other until this is true.
  var isFilled = false
  private var nextToFill = 0

  init(_ mix: MemcachedMix, keyCount: Int, seed: UInt64) {
    self.mix = mix
    random = SplitMix64(state: seed)
    script = Self.stored
    keys.reserveCapacity(keyCount)
    for number in 0..<keyCount { addKey(number) }
  }

  private mutating func addKey(_ number: Int) {
    let digits = String(number)
    let padding = max(mix.keyByteCount(&random) - digits.utf8.count, 1)
    let name = String(repeating: "k", count: padding) + digits
    let value = (0..<mix.valueByteCount(&random)).map { _ in
      UInt8(ascii: "a") + UInt8(random.next() % 26)
    }
    let get = append("get \(name)\r\n")
    let start = script.count
    append("set \(name) 0 0 \(value.count)\r\n", value, "\r\n")
    let set = start..<script.count
    append("VALUE \(name) 0 \(value.count)\r\n", value, "\r\nEND\r\n")
    keys.append(Key(get: get, set: set, value: set.upperBound..<script.count))
  }

  @discardableResult
  private mutating func append(
    _ head: String, _ value: [UInt8] = [], _ tail: String = ""
  ) -> Range<Int> {
    let start = script.count
    script.append(contentsOf: head.utf8)
    script.append(contentsOf: value)
    script.append(contentsOf: tail.utf8)
    return start..<script.count
  }

  mutating func begin(_ request: inout [UInt8]) -> ExpectedBytes {
    guard isFilled else {
      let key = keys[nextToFill % keys.count]
      nextToFill += 1
      return set(key, &request)
    }
    let key = keys[Int(random.next() % UInt64(keys.count))]
    guard random.unit() < mix.getShare else { return set(key, &request) }
    request.append(contentsOf: script[key.get])
    return ExpectedBytes(range: key.value)
  }

  private func set(_ key: Key, _ request: inout [UInt8]) -> ExpectedBytes {
    request.append(contentsOf: script[key.set])
    return ExpectedBytes(range: 0..<Self.stored.count)
  }

  mutating func check(
    _ bytes: ArraySlice<UInt8>, in exchange: inout ExpectedBytes
  ) throws(LoadError) -> Bool {
    try exchange.check(bytes, with: script)
  }

  func byteCount(of exchange: ExpectedBytes) -> Int { exchange.range.count }
}
