/// How long a client may take, in seconds. Without an end to it, a few thousand connections that
/// send a byte a minute keep everybody else out.
package struct Patience: BitwiseCopyable, Sendable {
  /// From the first byte of a request's head to its last; beyond, 408.
  package var headSeconds: UInt32 = 10
  /// From the end of the head to the end of the body; beyond, 408.
  package var bodySeconds: UInt32 = 30
  /// Without a request.
  package var idleSeconds: UInt32 = 60
  /// Without taking any of the replies that wait for it.
  package var replySeconds: UInt32 = 60

  package init() {}
}

/// What a server waits for from one client, and since when. Eight bytes; seconds on any clock.
package struct ClientClock: BitwiseCopyable, Sendable {
  package enum Wait: UInt8, BitwiseCopyable, Sendable {
    /// For nothing: the connection is closed.
    case nothing
    case request
    case head
    case body
    /// For the client to take replies.
    case reply
  }

  private var wait = Wait.nothing
  private var since: UInt32 = 0

  package init() {}

  /// The server waits for `wait` at `second`. Bytes of a head or body that is not complete do not
  /// give the client more time; each request and each reply taken does.
  package mutating func note(_ wait: Wait, at second: UInt32) {
    guard wait != self.wait || wait == .request || wait == .reply else { return }
    self.wait = wait
    since = second
  }

  /// What the client has taken too long for; nil while it has not. At most a second early.
  package func overdue(at second: UInt32, _ patience: Patience) -> Wait? {
    let limit =
      switch wait {
      case .nothing: UInt32(Int32.max)
      case .request: patience.idleSeconds
      case .head: patience.headSeconds
      case .body: patience.bodySeconds
      case .reply: patience.replySeconds
      }
    let waited = Int32(bitPattern: second &- since)
    return waited > 0 && UInt32(waited) > limit ? wait : nil
  }
}

extension Session {
  /// What the client is to send next.
  package var wait: ClientClock.Wait {
    switch phase {
    case .idle: .request
    case .emptyLine, .head: .head
    case .body, .chunks: .body
    case .closed: .nothing
    }
  }

  /// The client has taken too long with its request: refuses the rest of it.
  package mutating func expire(
    server: inout Server, site: borrowing SiteArchive, output: inout some ReplyOutput
  ) {
    guard wait == .head || wait == .body else { return }
    close(refusing: .requestTimeout, server: &server, site: site, output: &output)
  }
}
