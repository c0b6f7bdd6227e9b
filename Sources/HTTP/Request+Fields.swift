/// What only matters until all header lines are known.
struct FieldFacts: BitwiseCopyable {
  var hasHost = false
  var hasContentLength = false
  var hasTransferEncoding = false
  var hasRange = false
  var hasIfRange = false
  var saysClose = false
  var saysKeepAlive = false
}

extension Request {
  /// Takes note of one header line.
  mutating func note(_ field: Field, in head: RawSpan, _ facts: inout FieldFacts) throws(Status) {
    switch field.name {
    case .other: break
    case .host:
      // RFC 9112, section 3.2: one, and a valid one.
      guard !facts.hasHost, Self.isHost(field.value, in: head, mayBeEmpty: true) else {
        throw .badRequest
      }
      facts.hasHost = true
    case .contentLength: try noteContentLength(field.value, in: head, &facts)
    case .transferEncoding: try noteTransferEncoding(field.value, in: head, &facts)
    case .connection:
      var options = TokenList(field.value)
      while let option = options.next(in: head) {
        if head.equals(caseless: "close", in: option) { facts.saysClose = true }
        if head.equals(caseless: "keep-alive", in: option) { facts.saysKeepAlive = true }
      }
    case .expect:
      guard head.equals(caseless: "100-continue", in: field.value) else {
        throw .expectationFailed
      }
      expectsContinue = true
    case .ifMatch: hasIfMatch = true
    case .ifNoneMatch: hasIfNoneMatch = true
    case .ifRange:
      ifRange = facts.hasIfRange ? 0..<0 : field.value
      facts.hasIfRange = true
    case .range:
      range = facts.hasRange ? nil : field.value
      facts.hasRange = true
    }
  }

  /// One number (RFC 9112, section 6.3). Repeated lengths are refused even if they agree, as the
  /// section allows.
  private mutating func noteContentLength(
    _ value: Range<Int>, in head: RawSpan, _ facts: inout FieldFacts
  ) throws(Status) {
    guard !facts.hasContentLength, let count = head.decimal(in: value, limit: .max) else {
      throw .badRequest
    }
    facts.hasContentLength = true
    framing = count == 0 ? .none : .byteCount(count)
  }

  /// "chunked" alone is understood. Other codings are 501 (RFC 9112, section 6.1) if they are
  /// tokens at all; a second line or "chunked" twice is an error.
  private mutating func noteTransferEncoding(
    _ value: Range<Int>, in head: RawSpan, _ facts: inout FieldFacts
  ) throws(Status) {
    guard !facts.hasTransferEncoding, !value.isEmpty else { throw .badRequest }
    facts.hasTransferEncoding = true
    if head.equals(caseless: "chunked", in: value) {
      framing = .chunked
      return
    }
    var codings = TokenList(value)
    while let coding = codings.next(in: head) {
      for offset in coding where !head.octet(offset).isToken { throw .badRequest }
      if head.equals(caseless: "chunked", in: coding) {
        guard coding.upperBound == value.upperBound, coding.lowerBound > value.lowerBound else {
          throw .badRequest
        }
      }
    }
    throw .notImplemented
  }
}
