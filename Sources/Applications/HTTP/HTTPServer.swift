#if hasFeature(Embedded)
  import HTTP
  import IX

  /// Serves the site in its image over HTTP/1.1 (RFC 9112). What a request means and what it is
  /// answered with is decided in the module `HTTP`; this connects it to the network.
  ///
  /// Arguments: `head=`, `body=`, `idle=` and `reply=`, the seconds of `Patience`.
  @main
  struct HTTPServer: Service, ~Copyable {
    private struct Client: ConnectionState {
      var session = Session()
      /// Requests that wait until replies have been taken.
      var backlog = Backlog()
      var hasPeerClosed = false
      var clock = ClientClock()
      /// Whose place this is.
      var connection: Connection?
    }

    private var server = Server()
    private var clients = ConnectionTable<Client>()
    private var clock = SecondClock()
    /// Looks for clients that take too long, once a second while there are any.
    private var sweep: Timer?

    static func main() {
      findSite()
      do throws(SiteArchiveError) {
        _ = try SiteArchive(parsing: siteContent())
      } catch {
        print("http: the image's content is no site archive of version 1")
        exit(status: 1)
      }
      do throws(IXError) {
        try listen(on: 80)
      } catch {
        print("http: port 80 cannot be listened on")
        exit(status: 1)
      }
      run(HTTPServer(patience()))
    }

    private init(_ patience: Patience) { server.patience = patience }

    private static func patience() -> Patience {
      var patience = Patience()
      if let seconds = seconds("head") { patience.headSeconds = seconds }
      if let seconds = seconds("body") { patience.bodySeconds = seconds }
      if let seconds = seconds("idle") { patience.idleSeconds = seconds }
      if let seconds = seconds("reply") { patience.replySeconds = seconds }
      return patience
    }

    /// Up to a day.
    private static func seconds(_ key: StaticString) -> UInt32? {
      Argument.number(of: key).map { UInt32(min($0, 86_400)) }
    }

    mutating func connected(_ connection: Connection) {
      clients.open(connection)
      clients[connection].connection = connection
      _ = clock.advance()
      clients[connection].clock.note(.request, at: clock.second)
      server.counters.connectionCount &+= 1
      if sweep == nil { sweep = try? after(.seconds(1)) }
    }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      guard clients[connection].backlog.isEmpty else {
        return clients[connection].backlog.append(bytes, from: 0)
      }
      _ = clock.advance()
      let taken = take(bytes, from: 0, on: connection)
      if taken < bytes.byteCount { clients[connection].backlog.append(bytes, from: taken) }
    }

    mutating func sent(_ connection: Connection) {
      _ = clock.advance()
      if !clients[connection].backlog.isEmpty { goOn(connection) }
      note(connection)
    }

    /// The client has read some of its replies: goes on with the requests that waited for that.
    private mutating func goOn(_ connection: Connection) {
      while let oldest = clients[connection].backlog.oldest {
        let taken = take(oldest.bytes, from: oldest.offset, on: connection)
        guard taken == oldest.bytes.byteCount else {
          oldest.offset = taken
          return
        }
        clients[connection].backlog.removeOldest()
      }
      if clients[connection].hasPeerClosed { connection.close() }
    }

    /// What the client had asked for before it closed its side is still answered.
    mutating func peerClosed(_ connection: Connection) {
      clients[connection].hasPeerClosed = true
      if clients[connection].backlog.isEmpty { connection.close() }
    }

    mutating func ended(_ connection: Connection, reason: Reason) { clients.close(connection) }

    static var connectionsMayMove: Bool { true }

    /// Between two requests nothing is known about a client that another core would have to know.
    mutating func leaving(_ connection: Connection) -> UInt64? {
      guard clients[connection].session.wait == .request, clients[connection].backlog.isEmpty,
        !clients[connection].hasPeerClosed
      else { return nil }
      return 0
    }

    mutating func left(_ connection: Connection) { clients.close(connection) }

    /// Ends the connections of clients that have taken too long.
    mutating func fired(_ timer: Timer) {
      _ = clock.advance()
      for number in 0..<clients.count {
        guard let wait = clients[number].clock.overdue(at: clock.second, server.patience),
          let connection = clients[number].connection
        else { continue }
        expire(connection, wait)
      }
      sweep = try? after(.seconds(1))
    }

    private mutating func expire(_ connection: Connection, _ wait: ClientClock.Wait) {
      clients[connection].clock.note(.nothing, at: clock.second)
      clients[connection].backlog.removeAll()
      // One that takes no replies would not take this one either.
      guard wait != .reply else { return connection.abort() }
      var output = ConnectionOutput(connection: connection)
      clients[connection].session.expire(
        server: &server, site: SiteArchive(accepted: siteContent()), output: &output)
      connection.close()
    }

    /// Remembers what the client is to do next.
    @inline(__always)
    private mutating func note(_ connection: Connection) {
      let isTaking = connection.unacknowledgedByteCount > 0
      let wait = clients[connection].session.wait
      clients[connection].clock.note(
        isTaking && wait == .request ? .reply : wait, at: clock.second)
    }

    /// Answers the requests in `bytes` from `offset` on, as far as there is room for replies;
    /// returns how far that was.
    private mutating func take(
      _ bytes: borrowing ReceivedBytes, from offset: Int, on connection: Connection
    ) -> Int {
      var output = ConnectionOutput(connection: connection)
      let taken = clients[connection].session.receive(
        bytes.bytes, from: offset, server: &server, site: SiteArchive(accepted: siteContent()),
        output: &output)
      note(connection)
      if clients[connection].session.isClosed { connection.close() }
      return taken
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
