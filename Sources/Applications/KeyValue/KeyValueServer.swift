#if hasFeature(Embedded)
  import IX
  import KeyValue

  /// A memcached server: text, meta and binary protocol on TCP port 11211. What requests mean and
  /// what becomes of values is decided in the module `KeyValue`; this connects it to the network.
  ///
  /// Arguments, in memcached's style: `-m` MiB for items (default: half the heap), `-I` bytes of the
  /// largest item, `-c` connections, `-M` to refuse instead of evicting, and `unix=` seconds since
  /// 1970, without which absolute expiration times never come.
  @main
  struct KeyValueServer: Service, ~Copyable {
    private struct Client: ConnectionState {
      /// Requests that wait until replies have been taken.
      var backlog = Backlog()
      var hasPeerClosed = false
    }

    private var server: Server
    private var clock = SecondClock()
    private var clients = ConnectionTable<Client>()
    private let replyByteLimit: Int

    static func main() {
      var settings = Settings(memoryLimit: heapByteCount() / 2)
      settings.hashSeed = (.random(in: .min ... .max), .random(in: .min ... .max))
      guard settings.apply(arguments: arguments) else {
        print("kv: the arguments are not understood; known are -m -I -c -M unix=")
        exit(status: 1)
      }
      guard settings.memoryLimit <= heapByteCount() / 8 * 5 else {
        print("kv: -m leaves too little of the image's memory for connections")
        exit(status: 1)
      }
      guard coreCount == 1 else {
        print("kv: every core would have a cache of its own: give it one core")
        exit(status: 1)
      }
      do throws(IXError) {
        try listen(on: 11211)
      } catch {
        print("kv: port 11211 cannot be listened on")
        exit(status: 1)
      }
      run(KeyValueServer(settings))
    }

    private init(_ settings: Settings) {
      server = Server(settings)
      let share = (heapByteCount() - settings.memoryLimit) / 4 / settings.connectionLimit
      replyByteLimit = min(max(share, 16 << 10), 256 << 10)
    }

    mutating func connected(_ connection: Connection) {
      guard server.connected(UInt32(connection.number)) else { return connection.abort() }
      clients.open(connection)
    }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      guard clients[connection].backlog.isEmpty else {
        return clients[connection].backlog.append(bytes, from: 0)
      }
      if clock.advance() { server.advance(to: clock.second) }
      if answerAtOnce(bytes, on: connection) { return }
      let (offset, isDone) = serve(bytes, from: 0, on: connection)
      if !isDone { clients[connection].backlog.append(bytes, from: offset) }
    }

    /// Answers the most frequent request while hardly anything is under way to the client.
    @inline(__always)
    private mutating func answerAtOnce(
      _ bytes: borrowing ReceivedBytes, on connection: Connection
    ) -> Bool {
      let request = bytes.bytes
      return connection.sendIfNearlyIdle {
        server.answerSingleGet(request, on: UInt32(connection.number), into: &$0) ?? 0
      }
    }

    mutating func sent(_ connection: Connection) {
      if !clients[connection].backlog.isEmpty { goOn(connection) }
    }

    /// The client has taken some of its replies: goes on with what waited for that.
    private mutating func goOn(_ connection: Connection) {
      guard connection.unacknowledgedByteCount < replyByteLimit else { return }
      if clock.advance() { server.advance(to: clock.second) }
      while let oldest = clients[connection].backlog.oldest {
        let (offset, isDone) = serve(oldest.bytes, from: oldest.offset, on: connection)
        guard isDone else {
          oldest.offset = offset
          return
        }
        clients[connection].backlog.removeOldest()
      }
      if clients[connection].hasPeerClosed { close(connection) }
    }

    /// What the client had asked for before it closed its side is still answered.
    mutating func peerClosed(_ connection: Connection) {
      clients[connection].hasPeerClosed = true
      if clients[connection].backlog.isEmpty { close(connection) }
    }

    mutating func returned(loan token: UInt64) { server.returned(loan: token) }

    mutating func ended(_ connection: Connection, reason: Reason) { forget(connection) }

    private mutating func close(_ connection: Connection) {
      connection.close()
      forget(connection)
    }

    private mutating func forget(_ connection: Connection) {
      server.ended(UInt32(connection.number))
      clients[connection].backlog.removeAll()
    }

    /// Serves `bytes` from `offset` on while there is room for replies. Returns how far it came, and
    /// whether nothing is left to do.
    private mutating func serve(
      _ bytes: borrowing ReceivedBytes, from offset: Int, on connection: Connection
    ) -> (offset: Int, isDone: Bool) {
      var offset = offset
      while true {
        let room = replyByteLimit &- connection.unacknowledgedByteCount
        guard room > 0 else { return (offset, false) }
        let progress = server.receive(
          bytes.bytes.extracting(offset..<bytes.byteCount), on: UInt32(connection.number),
          room: room)
        offset &+= progress.consumedByteCount
        server.sendReplies(on: connection)
        if progress.wantsClose {
          close(connection)
          return (offset, true)
        }
        guard progress.isBlocked else { return (offset, true) }
      }
    }
  }

  extension Server {
    /// Hands the replies of the last `receive` to a connection: small ones copied, values lent.
    @inline(__always)
    fileprivate func sendReplies(on connection: Connection) {
      if let reply = copiedReply { return connection.send(copying: reply) }
      for index in 0..<replyCount {
        let bytes = replyBytes(index)
        if let loan = replyLoan(index) {
          connection.send(lending: bytes, loan: loan)
        } else {
          connection.send(copying: bytes)
        }
      }
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
