#if hasFeature(Embedded)
  import HTTP
  import IX

  /// Sends replies on a connection.
  struct ConnectionOutput: ReplyOutput {
    let connection: Connection

    /// Bytes of replies that may wait for one client before its further requests do.
    private static var unacknowledgedByteLimit: Int { 256 << 10 }

    var hasRoom: Bool { connection.unacknowledgedByteCount < Self.unacknowledgedByteLimit }

    mutating func send(copying bytes: RawSpan) { connection.send(copying: bytes) }

    mutating func send(content range: Range<Int>) {
      let content = siteContent().extracting(range)
      // SAFETY: the site's bytes never change and are never freed.
      unsafe content.withUnsafeBytes { unsafe connection.send(immortal: $0) }
    }
  }
#endif
