/// What a request's head says, as places in it.
struct Request {
  enum Method {
    case get, head
    /// A method of the standard that static content does not have: 405.
    case notAllowed
    /// A method this server has never heard of: 501.
    case unknown
  }

  /// How the body's end is found (RFC 9112, section 6.3).
  enum Framing: Equatable {
    case none
    case byteCount(Int)
    case chunked
  }

  /// The path's bytes before decoding; empty stands for "/".
  var path = 0..<0
  /// Where the first header line begins.
  var fieldsOffset = 0
  var method = Method.get
  /// HTTP/1.0 and not 1.1.
  var isOld = false
  var framing = Framing.none
  /// The client waits for 100 (Continue) before it sends the body.
  var expectsContinue = false
  var hasIfMatch = false
  var hasIfNoneMatch = false
  /// The value of If-Range; of a second one nothing is known, so that it never matches.
  var ifRange: Range<Int>?
  /// The value of the only Range field.
  var range: Range<Int>?
  var persistence = Persistence.closes

  /// Parses a complete head, from the first byte of the request line to the empty line.
  ///
  /// A status that is thrown leaves the end of the request unknown: the connection must close.
  init(parsing head: RawSpan, limits: Limits) throws(Status) {
    try parseRequestLine(head)
    var facts = FieldFacts()
    var lines = FieldLines(from: fieldsOffset)
    while let field = try lines.next(in: head) { try note(field, in: head, &facts) }
    // RFC 9112, section 3.2: a request of HTTP/1.1 names its host.
    guard facts.hasHost || isOld else { throw .badRequest }
    if facts.hasTransferEncoding {
      // RFC 9112, section 6.1: not with a length beside it, and not in HTTP/1.0. Servers that
      // disagree on which of them counts can be made to see different requests.
      guard framing == .chunked, !facts.hasContentLength, !isOld else { throw .badRequest }
    }
    if case .byteCount(let count) = framing, count > limits.bodyByteCount {
      throw .contentTooLarge
    }
    if isOld {
      expectsContinue = false
      persistence = facts.saysKeepAlive && !facts.saysClose ? .granted : .closes
    } else {
      persistence = facts.saysClose ? .closes : .implied
    }
  }
}

/// Whether the connection outlives the reply, and whether the reply has to say so (RFC 9112, section
/// 9.3).
enum Persistence: BitwiseCopyable {
  case implied
  case granted
  case closes

  /// The header line that says it.
  var line: StaticString {
    switch self {
    case .implied: ""
    case .granted: "Connection: keep-alive\r\n"
    case .closes: "Connection: close\r\n"
    }
  }
}
