/// What a client says, and what it expects to hear.
protocol Workload {
  /// One request and as much of its answer as has come.
  associatedtype Exchange

  /// Begins an exchange by appending its request to `request`, which is empty.
  mutating func begin(_ request: inout [UInt8]) -> Exchange

  /// Checks bytes of an answer; whether that was all of it. Throws for a wrong byte and for more
  /// than an answer.
  mutating func check(_ bytes: ArraySlice<UInt8>, in exchange: inout Exchange) throws(LoadError)
    -> Bool

  /// Bytes that carried data, both ways, of a finished exchange.
  func byteCount(of exchange: Exchange) -> Int
}

/// An answer that is known beforehand: a range of some bytes, and how much of it has come.
struct ExpectedBytes {
  let range: Range<Int>
  var arrived = 0

  /// Compares `bytes` with what comes next in `script`.
  mutating func check(
    _ bytes: ArraySlice<UInt8>, with script: [UInt8]
  ) throws(LoadError) -> Bool {
    guard bytes.count <= range.count - arrived else {
      throw LoadError(
        "\(bytes.count - (range.count - arrived)) more bytes came than were asked for")
    }
    let start = range.lowerBound + arrived
    guard areEqual(bytes, script[start..<start + bytes.count]) else {
      throw LoadError("a wrong byte among bytes \(arrived)..<\(arrived + bytes.count) of an answer")
    }
    arrived += bytes.count
    return arrived == range.count
  }
}
