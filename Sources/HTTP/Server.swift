/// What the connections of one core share.
package struct Server {
  package var limits = Limits()
  package var patience = Patience()
  package var counters = AccessCounters()

  package init() {}

  /// Where the counters can be read, unless the site has a file there: text in the format that
  /// Prometheus reads.
  static var metricsPath: StaticString { "/.well-known/ix-metrics" }
}

/// Where the replies of one connection go, in order.
package protocol ReplyOutput {
  /// Whether the client has read so much of the earlier replies that it may have another.
  var hasRoom: Bool { get }

  /// Sends a copy of a few hundred bytes.
  mutating func send(copying bytes: RawSpan)

  /// Sends a range of the site archive's bytes from where they lie.
  mutating func send(content range: Range<Int>)
}

/// Replies and bytes since the start. They wrap.
package struct AccessCounters: Sendable {
  package var connectionCount: UInt64 = 0
  package private(set) var sentByteCount: UInt64 = 0
  private var replies = InlineArray<16, UInt64>(repeating: 0)

  /// Every request has one reply.
  package func replyCount(_ status: Status) -> UInt64 { replies[status.ordinal] }

  mutating func countReply(_ status: Status) { replies[status.ordinal] &+= 1 }

  mutating func countSent(_ byteCount: Int) {
    sentByteCount &+= UInt64(truncatingIfNeeded: byteCount)
  }

  /// One line for every counter; statuses that never occurred are left out.
  func append(to text: inout [UInt8]) {
    text.append("# TYPE ix_http_connections_total counter\nix_http_connections_total ")
    text.append(decimal: connectionCount)
    text.append("\n# TYPE ix_http_sent_bytes_total counter\nix_http_sent_bytes_total ")
    text.append(decimal: sentByteCount)
    text.append("\n# TYPE ix_http_requests_total counter\n")
    for status in Status.allCases where replyCount(status) > 0 {
      text.append("ix_http_requests_total{status=\"")
      text.append(decimal: UInt64(status.rawValue))
      text.append("\"} ")
      text.append(decimal: replyCount(status))
      text.append("\n")
    }
  }
}
