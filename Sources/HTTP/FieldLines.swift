/// The header fields whose meaning this server knows.
enum FieldName: Equatable {
  case connection, contentLength, expect, host, ifMatch, ifNoneMatch, ifRange, range
  case transferEncoding
  case other

  /// Names are compared without regard to case (RFC 9110, section 5.1).
  init(_ range: Range<Int>, in head: RawSpan) {
    self = .other
    switch range.count {
    case 4: if head.equals(caseless: "host", in: range) { self = .host }
    case 5: if head.equals(caseless: "range", in: range) { self = .range }
    case 6: if head.equals(caseless: "expect", in: range) { self = .expect }
    case 8:
      if head.equals(caseless: "if-match", in: range) { self = .ifMatch }
      if head.equals(caseless: "if-range", in: range) { self = .ifRange }
    case 10: if head.equals(caseless: "connection", in: range) { self = .connection }
    case 13: if head.equals(caseless: "if-none-match", in: range) { self = .ifNoneMatch }
    case 14: if head.equals(caseless: "content-length", in: range) { self = .contentLength }
    case 17: if head.equals(caseless: "transfer-encoding", in: range) { self = .transferEncoding }
    default: break
    }
  }
}

/// One header line.
struct Field {
  let name: FieldName
  /// Without blanks at its ends.
  let value: Range<Int>
}

/// Walks the header lines of a head that `HeadScanner` has found complete.
struct FieldLines {
  private var offset: Int

  /// `offset` is where the first header line, or the empty line, begins.
  init(from offset: Int) { self.offset = offset }

  /// The next header line, nil at the empty line. Throws `.badRequest`.
  mutating func next(in head: RawSpan) throws(Status) -> Field? {
    let start = offset
    guard head.octet(start) != .carriageReturn else { return nil }
    // RFC 9112, section 5: no blank before the colon (section 5.1), no folding (section 5.2).
    // Neither is part of a token.
    while head.octet(offset).isToken { offset &+= 1 }
    guard offset > start, head.octet(offset) == UInt8(ascii: ":") else { throw .badRequest }
    let name = start..<offset
    let valueStart = offset &+ 1
    offset = head.endOfText(from: offset)
    let value = head.trimmed(valueStart..<offset)
    offset &+= 2
    return Field(name: FieldName(name, in: head), value: value)
  }
}

/// Walks the elements of a comma-separated list (RFC 9110, section 5.6.1); empty ones are skipped.
/// For lists of tokens: commas in quoted strings are not understood.
struct TokenList {
  private var rest: Range<Int>

  init(_ range: Range<Int>) { rest = range }

  mutating func next(in head: RawSpan) -> Range<Int>? {
    while !rest.isEmpty {
      let end = head.firstOffset(of: UInt8(ascii: ","), in: rest) ?? rest.upperBound
      let element = head.trimmed(rest.lowerBound..<end)
      rest = min(end &+ 1, rest.upperBound)..<rest.upperBound
      if !element.isEmpty { return element }
    }
    return nil
  }
}
