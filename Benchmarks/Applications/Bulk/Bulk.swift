#if hasFeature(Embedded)
  import IX

  /// Bulk data in one direction. Discards what comes to port 9 (RFC 863), or with `send=1` sends for
  /// ever from port 19 (as RFC 864, byte n of the stream being n modulo 256).
  @main
  struct Bulk: Service {
    private let isSender = Argument.number(of: "send") == 1
    private let pattern = Pattern()
    /// More than any window that a peer opens.
    private static let unacknowledgedByteLimit = 8 << 20

    static func main() {
      let bulk = Bulk()
      do throws(IXError) {
        try listen(on: bulk.isSender ? 19 : 9)
      } catch {
        print("bulk: the port cannot be listened on")
        exit(status: 1)
      }
      run(bulk)
    }

    mutating func connected(_ connection: Connection) { refill(connection) }

    mutating func sent(_ connection: Connection) { refill(connection) }

    private func refill(_ connection: Connection) {
      guard isSender else { return }
      while connection.unacknowledgedByteCount < Self.unacknowledgedByteLimit {
        pattern.send(on: connection)
      }
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
