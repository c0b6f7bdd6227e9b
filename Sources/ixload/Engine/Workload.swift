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
  /// Of these bytes of the answer only the number is known.
  var ignored = 0..<0
  var arrived = 0

  /// Compares `bytes` with what comes next in `script`.
  mutating func check(
    _ bytes: ArraySlice<UInt8>, with script: [UInt8]
  ) throws(LoadError) -> Bool {
    guard bytes.count <= range.count - arrived else {
      throw LoadError(
        "\(bytes.count - (range.count - arrived)) more bytes came than were asked for")
    }
    let end = arrived + bytes.count
    try check(bytes, arrived..<min(max(arrived, ignored.lowerBound), end), script)
    try check(bytes, min(max(arrived, ignored.upperBound), end)..<end, script)
    arrived = end
    return arrived == range.count
  }

  /// Compares those bytes of the answer that are in `part`; `bytes` begin with byte `arrived`.
  private func check(
    _ bytes: ArraySlice<UInt8>, _ part: Range<Int>, _ script: [UInt8]
  ) throws(LoadError) {
    let first = bytes.startIndex - arrived
    let found = bytes[first + part.lowerBound..<first + part.upperBound]
    let start = range.lowerBound + part.lowerBound
    guard areEqual(found, script[start..<start + part.count]) else {
      throw LoadError("a wrong byte among bytes \(part) of an answer")
    }
  }
}
