#if hasFeature(Embedded)
  import IX

  /// Sets options of each connection on port 7 as the arguments say, and says how it ended:
  /// `coalescing=1`, `keep-alive=MILLISECONDS`, `user-timeout=MILLISECONDS`. With `bytes=N` it sends
  /// so many, one by one, `gap=MICROSECONDS` apart.
  @main
  struct Options: Service {
    private var connection: Connection?
    private var remaining: UInt64 = 0

    static func main() {
      guard (try? listen(on: 7)) != nil else { exit(status: 1) }
      run(Options())
    }

    mutating func accept(_ knock: Knock) -> Bool { connection == nil }

    mutating func connected(_ connection: Connection) {
      self.connection = connection
      if Argument.number(of: "coalescing") == 1 { connection.setCoalescing(true) }
      if let idle = Argument.number(of: "keep-alive") {
        connection.setKeepAlive(after: .milliseconds(idle))
      }
      if let limit = Argument.number(of: "user-timeout") {
        connection.setUserTimeout(.milliseconds(limit))
      }
      remaining = Argument.number(of: "bytes") ?? 0
      proceed()
    }

    mutating func fired(_ timer: Timer) { proceed() }

    private mutating func proceed() {
      guard let connection, remaining > 0 else { return }
      remaining -= 1
      var piece = SendBuffer(capacity: 1)
      piece.append("x")
      connection.send(piece)
      if remaining == 0 { return connection.close() }
      let gap = Argument.number(of: "gap") ?? 0
      guard (try? after(.microseconds(gap))) != nil else { exit(status: 1) }
    }

    mutating func ended(_ connection: Connection, reason: Reason) {
      switch reason {
      case .timedOut: print("options: timed out")
      case .closed: print("options: closed")
      default: print("options: ended")
      }
      self.connection = nil
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
