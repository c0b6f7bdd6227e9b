/// A request as nearly all are: GET of a path without a query or percent-encodings, by HTTP/1.1, that
/// lies whole in the received bytes and whose header fields, Host aside, mean nothing to this server.
///
/// It is read where it lies and in one go. Whatever else a request may be, and whatever is wrong with
/// one, is for `HeadScanner` and `Request`, whose answers to these would be the same.
struct UsualRequest: BitwiseCopyable {
  let pathStart: Int
  let pathEnd: Int
  /// Where the next request begins.
  let end: Int

  var path: Range<Int> { pathStart..<pathEnd }

  /// Nil for any other request.
  @inline(__always)
  init?(at start: Int, in bytes: RawSpan, limits: Limits) {
    guard start &+ Self.smallestByteCount <= bytes.byteCount,
      bytes.littleEndian(at: start) == Self.get
    else { return nil }
    pathStart = start &+ Self.getByteCount
    pathEnd = bytes.end(of: .plainPath, from: pathStart)
    let version = pathEnd &+ 1
    let fields = version &+ Self.versionByteCount &+ 2
    guard fields &+ 2 <= bytes.byteCount, bytes.octet(pathEnd) == .space, pathEnd > pathStart,
      bytes.octet(pathStart) == UInt8(ascii: "/"),
      bytes.littleEndian(at: version) == Self.version,
      bytes.littleEndian(at: version &+ Self.versionByteCount) == Self.lineEnd,
      fields &- start <= limits.requestLineByteCount &+ 2,
      let end = Self.end(ofFields: fields, in: bytes),
      end &- fields <= limits.fieldsByteCount &+ 2
    else { return nil }
    self.end = end
  }

  /// Where the empty line behind the header lines ends; nil unless there is one valid Host among them
  /// and nothing else of any meaning.
  @inline(__always)
  private static func end(ofFields start: Int, in bytes: RawSpan) -> Int? {
    var hasHost = false
    var offset = start
    while offset &+ 2 <= bytes.byteCount, bytes.octet(offset) != .carriageReturn {
      let nameEnd = bytes.end(of: .token, from: offset)
      guard nameEnd < bytes.byteCount, nameEnd > offset, bytes.octet(nameEnd) == UInt8(ascii: ":")
      else { return nil }
      let valueStart = nameEnd &+ 1
      let valueEnd = bytes.endOfText(from: valueStart)
      guard valueEnd &+ 2 <= bytes.byteCount, bytes.littleEndian(at: valueEnd) == lineEnd else {
        return nil
      }
      if bytes.isHost(from: offset, to: nameEnd) {
        let host = bytes.trimmed(valueStart..<valueEnd)
        guard !hasHost, bytes.end(of: .authority, from: host.lowerBound) >= host.upperBound else {
          return nil
        }
        hasHost = true
      } else {
        guard FieldName(offset..<nameEnd, in: bytes) == .other else { return nil }
      }
      offset = valueEnd &+ 2
    }
    guard hasHost, offset &+ 2 <= bytes.byteCount, bytes.littleEndian(at: offset) == lineEnd else {
      return nil
    }
    return offset &+ 2
  }

  /// "GET / HTTP/1.1", a Host line and the line ends.
  private static var smallestByteCount: Int { 25 }
  private static var getByteCount: Int { 4 }
  /// "GET " as a little-endian integer.
  private static var get: UInt32 { 0x2054_4547 }
  private static var versionByteCount: Int { 8 }
  /// "HTTP/1.1" as a little-endian integer.
  private static var version: UInt64 { 0x312E_312F_5054_5448 }
  /// "\r\n" as a little-endian integer.
  private static var lineEnd: UInt16 { 0x0A0D }
}

extension RawSpan {
  /// Whether the token in `start..<end` is "Host", in any case. Of the characters of tokens only
  /// letters become letters by their bit 5.
  @inline(__always)
  fileprivate func isHost(from start: Int, to end: Int) -> Bool {
    let host: UInt32 = 0x7473_6F68
    return end &- start == 4 && littleEndian(at: start) | 0x2020_2020 == host
  }
}
