// From the path of a request to the path of a resource (RFC 3986, sections 2.1 and 5.2.4). There is
// no file system below: a path that names no entry of the site is not found, whatever it spells.

extension RawSpan {
  /// Whether the path in `range` is its own normal form: no percent-encoding, no segment that
  /// begins with a dot.
  func isNormalPath(_ range: Range<Int>) -> Bool {
    var previous: UInt8 = 0
    for offset in range {
      let byte = octet(offset)
      if byte == UInt8(ascii: "%") { return false }
      if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { return false }
      previous = byte
    }
    return true
  }

  /// The path in `range` decoded once and without dot segments.
  ///
  /// Throws `.badRequest` for what is no percent-encoding, for NUL, and for a path that leads above
  /// the root (RFC 3986 would stop there; nobody honest asks); `.notFound` for an encoded slash,
  /// which separates nothing and is part of no name.
  func normalPath(_ range: Range<Int>) throws(Status) -> [UInt8] {
    var path: [UInt8] = []
    path.reserveCapacity(range.count)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let byte = try decoded(at: &offset, before: range.upperBound)
      if byte == UInt8(ascii: "/") { try path.foldDotSegment() }
      path.append(byte)
    }
    if try path.foldDotSegment() { path.append(UInt8(ascii: "/")) }
    return path
  }

  private func decoded(at offset: inout Int, before end: Int) throws(Status) -> UInt8 {
    let byte = octet(offset)
    offset &+= 1
    guard byte == UInt8(ascii: "%") else { return byte }
    guard end &- offset >= 2, let high = octet(offset).hexadecimalValue,
      let low = octet(offset &+ 1).hexadecimalValue
    else { throw .badRequest }
    offset &+= 2
    let value = high &<< 4 | low
    if value == 0 { throw .badRequest }
    if value == UInt8(ascii: "/") { throw .notFound }
    return value
  }
}

extension [UInt8] {
  /// Removes a last segment of "." or, with the one before it, ".."; returns whether it did.
  @discardableResult
  fileprivate mutating func foldDotSegment() throws(Status) -> Bool {
    var start = count
    while start > 0, self[start &- 1] != UInt8(ascii: "/") { start &-= 1 }
    let byteCount = count &- start
    guard start > 0, byteCount == 1 || byteCount == 2 else { return false }
    for index in start..<count where self[index] != UInt8(ascii: ".") { return false }
    // Back to just before the slash in front of the segment.
    removeLast(byteCount &+ 1)
    guard byteCount == 2 else { return true }
    guard !isEmpty else { throw .badRequest }
    while removeLast() != UInt8(ascii: "/") {}
    return true
  }
}
