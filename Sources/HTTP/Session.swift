/// The server's side of one connection: requests in, however the network has cut them, replies out
/// in the same order.
///
/// A request that lies whole in the received bytes is read where it lies. Only of one that does not
/// are the bytes kept, up to the limits; an idle connection keeps nothing.
package struct Session {
  enum Phase {
    /// Between requests.
    case idle
    /// After the CR of an empty line in front of a request.
    case emptyLine
    case head(HeadScanner)
    /// In a body with this many bytes to come.
    case body(Int)
    case chunks(ChunkedBody)
    case closed
  }

  private(set) var phase = Phase.idle
  /// The bytes of the current head so far, if it did not arrive at once or has a body.
  private var head: [UInt8] = []

  package init() {}

  /// The last reply says that the connection closes: close it when it has been sent.
  package var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Takes received bytes from `start` on and answers every request that is complete. Returns the
  /// offset of the first byte that was not taken because `output` has no room for another reply:
  /// the caller comes back with the bytes from there once it has. Without room nothing is taken.
  ///
  /// `site` is the same in all calls.
  package mutating func receive(
    _ bytes: RawSpan, from start: Int, server: inout Server, site: borrowing SiteArchive,
    output: inout some ReplyOutput
  ) -> Int {
    var offset = start
    while offset < bytes.byteCount, !isClosed {
      guard output.hasRoom else { return offset }
      if let end = answerUsual(bytes, offset, &server, site, &output) {
        offset = end
        continue
      }
      do throws(Status) {
        offset = try advance(bytes, offset, &server, site, &output)
      } catch {
        close(refusing: error, server: &server, site: site, output: &output)
      }
    }
    return bytes.byteCount
  }

  /// Answers a request as nearly all are by the reply that is stored for it. Returns where the next one
  /// begins; nil, with nothing done, for all others.
  @inline(__always)
  private mutating func answerUsual(
    _ bytes: RawSpan, _ offset: Int, _ server: inout Server, _ site: borrowing SiteArchive,
    _ output: inout some ReplyOutput
  ) -> Int? {
    guard case .idle = phase,
      let request = UsualRequest(at: offset, in: bytes, limits: server.limits),
      let reply = site.reply(at: request.path, of: bytes)
    else { return nil }
    server.counters.countReply(reply.status)
    server.counters.countSent(reply.range.count)
    output.send(content: reply.range)
    return request.end
  }

  /// Ends the session with an error: where the next request would begin is not known any more.
  mutating func close(
    refusing status: Status, server: inout Server, site: borrowing SiteArchive,
    output: inout some ReplyOutput
  ) {
    phase = .closed
    head = []
    Reply.failure(status).send(.closes, isHead: false, site: site, server: &server, to: &output)
  }

  /// Advances to the end of the bytes or of the phase; returns the offset reached.
  private mutating func advance(
    _ bytes: RawSpan, _ offset: Int, _ server: inout Server, _ site: borrowing SiteArchive,
    _ output: inout some ReplyOutput
  ) throws(Status) -> Int {
    switch phase {
    case .closed: return bytes.byteCount
    case .idle:
      // RFC 9112, section 2.2: empty lines in front of a request line are ignored.
      let isEmptyLine = bytes.octet(offset) == .carriageReturn
      phase = isEmptyLine ? .emptyLine : .head(HeadScanner())
      return isEmptyLine ? offset &+ 1 : offset
    case .emptyLine:
      guard bytes.octet(offset) == .lineFeed else { throw .badRequest }
      phase = .idle
      return offset &+ 1
    case .head(var scanner):
      switch scanner.scan(bytes, from: offset, limits: server.limits) {
      case .refused(let status): throw status
      case .incomplete:
        head.append(bytes.extracting(offset..<bytes.byteCount))
        phase = .head(scanner)
        return bytes.byteCount
      case .complete(let end):
        try takeHead(bytes.extracting(offset..<end), &server, site, &output)
        return end
      }
    case .body(let byteCount):
      let count = min(byteCount, bytes.byteCount &- offset)
      phase = .body(byteCount &- count)
      if count == byteCount { try answerKeptHead(&server, site, &output) }
      return offset &+ count
    case .chunks(var chunks):
      let end = try chunks.end(in: bytes, from: offset, limits: server.limits)
      phase = .chunks(chunks)
      if end != nil { try answerKeptHead(&server, site, &output) }
      return end ?? bytes.byteCount
    }
  }

  /// Joins the last bytes of a head to those kept before, and goes on with all of it.
  private mutating func takeHead(
    _ bytes: RawSpan, _ server: inout Server, _ site: borrowing SiteArchive,
    _ output: inout some ReplyOutput
  ) throws(Status) {
    guard !head.isEmpty else { return try begin(bytes, &server, site, &output) }
    head.append(bytes)
    var whole: [UInt8] = []
    swap(&whole, &head)
    try begin(whole.rawSpan, &server, site, &output)
  }

  /// Answers a complete head, or keeps it until its body has been read.
  private mutating func begin(
    _ bytes: RawSpan, _ server: inout Server, _ site: borrowing SiteArchive,
    _ output: inout some ReplyOutput
  ) throws(Status) {
    let request = try Request(parsing: bytes, limits: server.limits)
    switch request.framing {
    case .none: return answer(request, bytes, &server, site, &output)
    case .byteCount(let count): phase = .body(count)
    case .chunked: phase = .chunks(ChunkedBody())
    }
    head.append(bytes)
    // RFC 9110, section 10.1.1.
    let text: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    if request.expectsContinue { output.send(copying: text.bytes) }
  }

  private mutating func answerKeptHead(
    _ server: inout Server, _ site: borrowing SiteArchive, _ output: inout some ReplyOutput
  ) throws(Status) {
    var kept: [UInt8] = []
    swap(&kept, &head)
    let request = try Request(parsing: kept.rawSpan, limits: server.limits)
    answer(request, kept.rawSpan, &server, site, &output)
  }

  private mutating func answer(
    _ request: Request, _ bytes: RawSpan, _ server: inout Server, _ site: borrowing SiteArchive,
    _ output: inout some ReplyOutput
  ) {
    phase = request.persistence == .closes ? .closed : .idle
    Reply(to: request, head: bytes, site: site).send(
      request.persistence, isHead: request.method == .head, site: site, server: &server,
      to: &output)
  }
}
