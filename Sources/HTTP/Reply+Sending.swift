extension Reply {
  /// Sends the reply and counts it.
  ///
  /// - Parameters:
  ///   - persistence: what happens to the connection, which the reply says.
  ///   - isHead: whether the method was HEAD, so that the content stays here.
  func send(
    _ persistence: Persistence, isHead: Bool, site: borrowing SiteArchive,
    server: inout Server, to output: inout some ReplyOutput
  ) {
    var sender = ReplySender(persistence: persistence, isHead: isHead)
    switch self {
    case .stored(let entry): sender.send(entry, to: &output)
    case .part(let entry, let part):
      sender.send(part: part, of: entry, site: site, to: &output)
    case .notModified(let entry):
      sender.begin(.notModified)
      sender.append(entry.tag)
      sender.finish(to: &output)
    case .unsatisfiable(let entry):
      sender.begin(.rangeNotSatisfiable)
      sender.head.append("Content-Range: bytes */")
      sender.head.append(decimal: entry.content.count)
      sender.head.append("\r\n")
      sender.sendError(.rangeNotSatisfiable, to: &output)
    case .metrics: sender.send(server.counters, to: &output)
    case .failure(let status):
      sender.begin(status)
      if status == .methodNotAllowed { sender.head.append("Allow: GET, HEAD\r\n") }
      sender.sendError(status, to: &output)
    }
    server.counters.countReply(status)
    server.counters.countSent(sender.sentByteCount)
  }
}

/// One reply on its way out.
private struct ReplySender {
  let persistence: Persistence
  let isHead: Bool
  var head: [UInt8] = []
  private(set) var sentByteCount = 0

  init(persistence: Persistence, isHead: Bool) {
    self.persistence = persistence
    self.isHead = isHead
  }

  /// Sends a stored reply: in the usual case head and content are one range.
  mutating func send(_ entry: SiteEntry, to output: inout some ReplyOutput) {
    let end = isHead ? entry.head.upperBound : entry.content.upperBound
    guard persistence != .implied else {
      return send(entry.head.lowerBound..<end, to: &output)
    }
    let emptyLineByteCount = 2
    send(entry.head.lowerBound..<entry.head.upperBound &- emptyLineByteCount, to: &output)
    finish(to: &output)
    send(entry.content.lowerBound..<end, to: &output)
  }

  mutating func send(
    part: Range<Int>, of entry: SiteEntry, site: borrowing SiteArchive,
    to output: inout some ReplyOutput
  ) {
    begin(.partialContent)
    head.append("Content-Type: ")
    head.append(site.content.extracting(entry.mediaType))
    head.append("\r\nContent-Range: bytes ")
    head.append(decimal: part.lowerBound)
    head.append("-")
    head.append(decimal: part.upperBound &- 1)
    head.append("/")
    head.append(decimal: entry.content.count)
    head.append("\r\n")
    append(entry.tag)
    appendContentLength(part.count)
    finish(to: &output)
    let start = entry.content.lowerBound
    send(start &+ part.lowerBound..<start &+ part.upperBound, to: &output)
  }

  /// Sends what `begin` has begun, with the status as its text.
  mutating func sendError(_ status: Status, to output: inout some ReplyOutput) {
    let newline: StaticString = "\n"
    head.append("Content-Type: text/plain; charset=utf-8\r\n")
    appendContentLength(status.text.utf8CodeUnitCount &+ newline.utf8CodeUnitCount)
    endHead()
    if !isHead {
      head.append(status.text)
      head.append(newline)
    }
    flush(to: &output)
  }

  mutating func send(_ counters: AccessCounters, to output: inout some ReplyOutput) {
    var text: [UInt8] = []
    counters.append(to: &text)
    begin(.ok)
    head.append("Content-Type: text/plain; version=0.0.4\r\nCache-Control: no-store\r\n")
    appendContentLength(text.count)
    endHead()
    if !isHead { head.append(text.rawSpan) }
    flush(to: &output)
  }

  mutating func begin(_ status: Status) {
    let usualByteCount = 320
    head.reserveCapacity(usualByteCount)
    head.appendHead(status)
  }

  mutating func append(_ tag: EntityTag) {
    head.append("ETag: ")
    tag.append(to: &head)
    head.append("\r\n")
  }

  private mutating func appendContentLength(_ byteCount: Int) {
    head.append("Content-Length: ")
    head.append(decimal: byteCount)
    head.append("\r\n")
  }

  private mutating func endHead() {
    head.append(persistence.line)
    head.append("\r\n")
  }

  /// Ends the head and sends it.
  mutating func finish(to output: inout some ReplyOutput) {
    endHead()
    flush(to: &output)
  }

  private mutating func flush(to output: inout some ReplyOutput) {
    sentByteCount &+= head.count
    output.send(copying: head.rawSpan)
  }

  private mutating func send(_ range: Range<Int>, to output: inout some ReplyOutput) {
    guard !range.isEmpty else { return }
    sentByteCount &+= range.count
    output.send(content: range)
  }
}
