extension Engine {
  /// Opens every connection, a bounded number at one time.
  mutating func openAll() throws {
    clients.reserveCapacity(options.connections)
    record = Record(start: monotonicNanoseconds())
    while clients.count < options.connections || connectingCount > 0 {
      while clients.count < options.connections, connectingCount < options.opening {
        let socket = try dialler.dial()
        clients.append(Peer(socket: socket, exchangesLeft: exchangesPerConnection))
        try watch(clients.count - 1)
      }
      try step(timeout: options.patience * 1000)
    }
  }

  private var exchangesPerConnection: Int { options.perConnection ?? .max }

  private mutating func watch(_ index: Int) throws {
    connectingCount += 1
    try poller.add(clients[index].socket, tag: index, writing: true)
  }

  mutating func connected(_ index: Int) throws {
    try clients[index].socket.checkConnected()
    connectingCount -= 1
    record.connectionsOpened += 1
    clients[index].state = .idle
    idle.append(index)
    try armWriting(index, false)
    try dispatch()
  }

  /// Ends a connection that has had its exchanges, and opens another in its place.
  mutating func leave(_ index: Int) throws {
    if options.closing == .reset {
      clients[index].socket.reset()
      try replace(index)
    } else {
      clients[index].state = .closing
      clients[index].socket.finishSending()
    }
  }

  mutating func peerClosed(_ index: Int) throws {
    guard clients[index].state == .closing else {
      throw LoadError("connection \(index) was closed by the server")
    }
    clients[index].socket.close()
    try replace(index)
  }

  private mutating func replace(_ index: Int) throws {
    let socket = try dialler.dial()
    clients[index] = Peer(socket: socket, exchangesLeft: exchangesPerConnection)
    try watch(index)
  }

  /// Closes every connection, without waiting for the peer.
  mutating func closeAll() {
    for client in clients { client.socket.close() }
    clients = []
  }
}
