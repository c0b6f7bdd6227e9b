extension Request {
  /// method SP request-target SP HTTP-version CRLF (RFC 9112, section 3), with exactly one blank
  /// each.
  mutating func parseRequestLine(_ head: RawSpan) throws(Status) {
    var offset = 0
    while head.octet(offset).isToken { offset &+= 1 }
    guard offset > 0, head.octet(offset) == .space else { throw .badRequest }
    let name = 0..<offset
    offset &+= 1
    let targetStart = offset
    while head.octet(offset).isTarget { offset &+= 1 }
    guard offset > targetStart, head.octet(offset) == .space else { throw .badRequest }
    let target = targetStart..<offset
    try parseVersion(head, from: offset &+ 1)
    method = Self.method(name, in: head)
    try parse(target: target, named: name, in: head)
  }

  /// "HTTP/" DIGIT "." DIGIT: minor versions above 1 are taken for 1 (RFC 9110, section 6.2).
  private mutating func parseVersion(_ head: RawSpan, from start: Int) throws(Status) {
    let versionByteCount = 8
    guard head.byteCount &- start >= versionByteCount &+ 2,
      head.equals("HTTP/", in: start..<start &+ 5), head.octet(start &+ 5).isDigit,
      head.octet(start &+ 6) == UInt8(ascii: "."), head.octet(start &+ 7).isDigit,
      head.octet(start &+ versionByteCount) == .carriageReturn
    else { throw .badRequest }
    guard head.octet(start &+ 5) == UInt8(ascii: "1") else { throw .versionNotSupported }
    isOld = head.octet(start &+ 7) == UInt8(ascii: "0")
    fieldsOffset = start &+ versionByteCount &+ 2
  }

  /// Methods are compared with regard to case (RFC 9110, section 9.1).
  private static func method(_ range: Range<Int>, in head: RawSpan) -> Method {
    if head.equals("GET", in: range) { return .get }
    if head.equals("HEAD", in: range) { return .head }
    let isKnown =
      switch range.count {
      case 3: head.equals("PUT", in: range)
      case 4: head.equals("POST", in: range)
      case 5: head.equals("TRACE", in: range) || head.equals("PATCH", in: range)
      case 6: head.equals("DELETE", in: range)
      case 7: head.equals("OPTIONS", in: range) || head.equals("CONNECT", in: range)
      default: false
      }
    return isKnown ? .notAllowed : .unknown
  }

  /// The four forms of RFC 9112, section 3.2. The methods of the last two have no further use for
  /// their target.
  private mutating func parse(
    target: Range<Int>, named name: Range<Int>, in head: RawSpan
  ) throws(Status) {
    if head.octet(target.lowerBound) == UInt8(ascii: "/") {
      path = withoutQuery(target, in: head)
    } else if let authority = try Self.authority(ofAbsolute: target, in: head) {
      path = withoutQuery(authority.upperBound..<target.upperBound, in: head)
    } else {
      let isAsterisk = head.equals("*", in: target) && head.equals("OPTIONS", in: name)
      let isAuthority =
        head.equals("CONNECT", in: name) && Self.isHost(target, in: head, mayBeEmpty: false)
      guard isAsterisk || isAuthority else { throw .badRequest }
    }
  }

  private func withoutQuery(_ range: Range<Int>, in head: RawSpan) -> Range<Int> {
    let end = head.firstOffset(of: UInt8(ascii: "?"), in: range)
    return range.lowerBound..<(end ?? range.upperBound)
  }

  /// Where the authority of an absolute-form target lies; nil if it is no such target. The scheme
  /// is http, this server has no other.
  private static func authority(
    ofAbsolute target: Range<Int>, in head: RawSpan
  ) throws(Status) -> Range<Int>? {
    let scheme: StaticString = "http://"
    let start = target.lowerBound &+ scheme.utf8CodeUnitCount
    guard start <= target.upperBound,
      head.equals(caseless: scheme, in: target.lowerBound..<start)
    else { return nil }
    var end = start
    while end < target.upperBound, head.octet(end) != UInt8(ascii: "/"),
      head.octet(end) != UInt8(ascii: "?")
    { end &+= 1 }
    // No host, or user information in front of it (RFC 9110, section 4.2.4).
    guard isHost(start..<end, in: head, mayBeEmpty: false) else { throw .badRequest }
    return start..<end
  }

  /// Whether `range` can be a host with an optional port. A host is empty if the client's URI has
  /// none (RFC 9110, section 7.2).
  static func isHost(_ range: Range<Int>, in head: RawSpan, mayBeEmpty: Bool) -> Bool {
    for offset in range where !head.octet(offset).isAuthority { return false }
    return mayBeEmpty || !range.isEmpty
  }
}
