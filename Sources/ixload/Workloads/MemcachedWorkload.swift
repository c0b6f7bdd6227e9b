/// GETs and SETs in one of memcached's protocols. A key has the same value for ever, so that whole
/// answers are known beforehand whatever the order of requests was.
struct MemcachedWorkload: Workload {
  /// Where the bytes of one key's messages are in `script`.
  private struct Key {
    let get: Range<Int>
    let set: Range<Int>
    let value: Range<Int>
  }

  private let mix: MemcachedMix
  private let format: MemcachedFormat
  private var keys: [Key] = []
  /// Requests and answers, one after the other.
  private var script: [UInt8]
  /// Where the answer to every SET is.
  private let stored: Range<Int>
  private var random: SplitMix64
  /// Keys are set one after the other until this is true.
  var isFilled = false
  private var nextToFill = 0

  init(_ mix: MemcachedMix, keyCount: Int, seed: UInt64, format: MemcachedFormat = .text) {
    self.mix = mix
    self.format = format
    random = SplitMix64(state: seed)
    script = format.answerToSet
    stored = 0..<script.count
    keys.reserveCapacity(keyCount)
    for number in 0..<keyCount { addKey(number) }
  }

  private mutating func addKey(_ number: Int) {
    let digits = String(number)
    let padding = max(mix.keyByteCount(&random) - digits.utf8.count, 1)
    let name = Array((String(repeating: "k", count: padding) + digits).utf8)
    let value = (0..<mix.valueByteCount(&random)).map { _ in
      UInt8(ascii: "a") + UInt8(random.next() % 26)
    }
    keys.append(
      Key(
        get: append(format.get(name)), set: append(format.set(name, value)),
        value: append(format.answerToGet(name, value))))
  }

  private mutating func append(_ message: [UInt8]) -> Range<Int> {
    script += message
    return script.count - message.count..<script.count
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
    return ExpectedBytes(range: key.value, ignored: format.unknownBytes)
  }

  private func set(_ key: Key, _ request: inout [UInt8]) -> ExpectedBytes {
    request.append(contentsOf: script[key.set])
    return ExpectedBytes(range: stored, ignored: format.unknownBytes)
  }

  mutating func check(
    _ bytes: ArraySlice<UInt8>, in exchange: inout ExpectedBytes
  ) throws(LoadError) -> Bool {
    try exchange.check(bytes, with: script)
  }

  func byteCount(of exchange: ExpectedBytes) -> Int { exchange.range.count }
}
