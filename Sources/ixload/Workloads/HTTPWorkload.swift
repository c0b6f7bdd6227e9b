/// GETs whose answers have a Content-Length and the body that the first one had.
struct HTTPWorkload: Workload {
  struct Exchange {
    /// The head, until it is complete.
    var head: [UInt8] = []
    /// Bytes of the body; nil while the head is incomplete.
    var length: Int?
    var arrived = 0
  }

  private let request: [UInt8]
  /// The body's bytes, as many as have come in any exchange.
  private var body: [UInt8] = []
  /// Its length, from the first answer.
  private var bodyByteCount: Int?

  init(path: String, host: String) {
    request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
  }

  mutating func begin(_ request: inout [UInt8]) -> Exchange {
    request.append(contentsOf: self.request)
    return Exchange()
  }

  mutating func check(
    _ bytes: ArraySlice<UInt8>, in exchange: inout Exchange
  ) throws(LoadError) -> Bool {
    var rest = bytes
    if exchange.length == nil {
      guard let count = Self.headEnd(in: exchange.head, and: bytes) else {
        exchange.head.append(contentsOf: bytes)
        return false
      }
      exchange.head.append(contentsOf: bytes.prefix(count))
      let length = try Self.contentLength(exchange.head)
      guard length == bodyByteCount ?? length else { throw LoadError("the body's length changed") }
      bodyByteCount = length
      exchange.length = length
      rest = bytes.dropFirst(count)
    }
    return try checkBody(rest, &exchange)
  }

  private mutating func checkBody(
    _ bytes: ArraySlice<UInt8>, _ exchange: inout Exchange
  ) throws(LoadError) -> Bool {
    let length = exchange.length ?? 0
    guard bytes.count <= length - exchange.arrived else {
      throw LoadError("more came than Content-Length says")
    }
    let end = exchange.arrived + bytes.count
    // Whatever has arrived in any exchange is in `body` already.
    let known = min(body.count, end)
    guard areEqual(bytes.prefix(known - exchange.arrived), body[exchange.arrived..<known]) else {
      throw LoadError("a body differs from the first one")
    }
    body.append(contentsOf: bytes.dropFirst(known - exchange.arrived))
    exchange.arrived = end
    return end == length
  }

  /// Bytes of `bytes` that belong to the head, when it ends in them.
  private static func headEnd(in head: [UInt8], and bytes: ArraySlice<UInt8>) -> Int? {
    let end: [UInt8] = [13, 10, 13, 10]
    var matched = 0
    for byte in head.suffix(3) { matched = byte == end[matched] ? matched + 1 : byte == 13 ? 1 : 0 }
    for (count, byte) in bytes.enumerated() {
      matched = byte == end[matched] ? matched + 1 : byte == 13 ? 1 : 0
      if matched == end.count { return count + 1 }
    }
    return nil
  }

  private static func contentLength(_ head: [UInt8]) throws(LoadError) -> Int {
    // Exactly ASCII, or it is not a head.
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let status = lines.first, status.hasPrefix("HTTP/1.1 200 ") else {
      throw LoadError("not a 200: \(lines.first ?? "")")
    }
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == "content-length",
        let length = Int(parts[1].filter { $0 != " " })
      {
        return length
      }
    }
    throw LoadError("an answer without Content-Length")
  }

  func byteCount(of exchange: Exchange) -> Int { exchange.head.count + exchange.arrived }
}
