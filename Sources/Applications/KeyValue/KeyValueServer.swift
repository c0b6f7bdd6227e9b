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
  struct KeyValueServer: Service {
    private struct Client {
      var backlog = Backlog()
      var hasPeerClosed = false
    }

    private let cache: Cache
    private var clock = Clock()
    /// By `Connection.number`.
    private var clients: [Client] = []
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
      cache = Cache(settings)
      let share = (heapByteCount() - settings.memoryLimit) / 4 / settings.connectionLimit
      replyByteLimit = min(max(share, 16 << 10), 256 << 10)
    }

    mutating func connected(_ connection: Connection) {
      guard cache.server.connected(UInt32(connection.number)) else { return connection.abort() }
      while clients.count <= connection.number { clients.append(Client()) }
      clients[connection.number] = Client()
    }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      guard clients[connection.number].backlog.isEmpty else {
        return clients[connection.number].backlog.append(bytes, from: 0)
      }
      let (offset, isDone) = serve(bytes, from: 0, on: connection)
      if !isDone { clients[connection.number].backlog.append(bytes, from: offset) }
    }

    /// The client has taken some of its replies: goes on with what waited for that.
    mutating func sent(_ connection: Connection) {
      guard connection.unacknowledgedByteCount < replyByteLimit else { return }
      while let oldest = clients[connection.number].backlog.oldest {
        let (offset, isDone) = serve(oldest.bytes, from: oldest.offset, on: connection)
        guard isDone else {
          oldest.offset = offset
          return
        }
        clients[connection.number].backlog.removeOldest()
      }
      if clients[connection.number].hasPeerClosed { close(connection) }
    }

    /// What the client had asked for before it closed its side is still answered.
    mutating func peerClosed(_ connection: Connection) {
      clients[connection.number].hasPeerClosed = true
      if clients[connection.number].backlog.isEmpty { close(connection) }
    }

    mutating func returned(loan token: UInt64) { cache.server.returned(loan: token) }

    mutating func ended(_ connection: Connection, reason: Reason) { forget(connection) }

    private mutating func close(_ connection: Connection) {
      connection.close()
      forget(connection)
    }

    private mutating func forget(_ connection: Connection) {
      cache.server.ended(UInt32(connection.number))
      clients[connection.number].backlog.removeAll()
    }

    /// Serves `bytes` from `offset` on while there is room for replies. Returns how far it came, and
    /// whether nothing is left to do.
    private mutating func serve(
      _ bytes: borrowing ReceivedBytes, from offset: Int, on connection: Connection
    ) -> (offset: Int, isDone: Bool) {
      if clock.advance() { cache.server.advance(to: clock.second) }
      var offset = offset
      while true {
        let room = replyByteLimit - connection.unacknowledgedByteCount
        guard room > 0 else { return (offset, false) }
        let progress = cache.server.receive(
          bytes.bytes.extracting(offset..<bytes.byteCount), on: UInt32(connection.number),
          room: room)
        offset += progress.consumedByteCount
        cache.server.sendReplies(on: connection)
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
    fileprivate func sendReplies(on connection: Connection) {
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
