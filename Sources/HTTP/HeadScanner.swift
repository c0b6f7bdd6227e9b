/// Finds the end of a request's head, wherever the network has split it: the answer depends on the
/// bytes seen so far alone, and each is looked at once.
///
/// Lines end in CRLF and nothing else. RFC 9112, section 2.2, allows a recipient to take a bare LF
/// for a line end; two servers in a row that differ here can be made to disagree on where a request
/// ends, so a bare LF is refused like a bare CR.
struct HeadScanner: BitwiseCopyable {
  enum Verdict: Equatable {
    /// All bytes belong to the head, and it goes on.
    case incomplete
    /// The head ends before this offset.
    case complete(Int)
    case refused(Status)
  }

  private var isInRequestLine = true
  private var expectsLineFeed = false
  private var lineByteCount = 0
  private var fieldsByteCount = 0

  /// Looks at `bytes` from `offset` on.
  mutating func scan(_ bytes: RawSpan, from start: Int, limits: Limits) -> Verdict {
    var offset = start
    while offset < bytes.byteCount {
      if !expectsLineFeed {
        let end = bytes.endOfText(from: offset)
        lineByteCount &+= end &- offset
        offset = end
        if let status = excess(limits) { return .refused(status) }
        guard offset < bytes.byteCount else { break }
      }
      let byte = bytes.octet(offset)
      offset &+= 1
      guard byte == (expectsLineFeed ? .lineFeed : .carriageReturn) else {
        return .refused(.badRequest)
      }
      if expectsLineFeed {
        if lineByteCount == 0 && !isInRequestLine { return .complete(offset) }
        endLine()
        if let status = excess(limits) { return .refused(status) }
      } else {
        expectsLineFeed = true
      }
    }
    return .incomplete
  }

  private mutating func endLine() {
    expectsLineFeed = false
    if !isInRequestLine { fieldsByteCount &+= lineByteCount &+ 2 }
    isInRequestLine = false
    lineByteCount = 0
  }

  private func excess(_ limits: Limits) -> Status? {
    if isInRequestLine { return lineByteCount > limits.requestLineByteCount ? .uriTooLong : nil }
    let byteCount = fieldsByteCount &+ lineByteCount
    return byteCount > limits.fieldsByteCount ? .headerFieldsTooLarge : nil
  }
}
