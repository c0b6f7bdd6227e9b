extension Engine {
  /// Handles what is possible now or within `timeout` milliseconds.
  mutating func step(timeout: Int32, orFail isFatal: Bool = true) throws {
    let ready = try poller.wait(timeout: timeout)
    if ready.isEmpty, isFatal {
      throw LoadError(
        "nothing for \(timeout / 1000) s; \(record.finished) exchanges done, \(busyCount) under way,"
          + " \(connectingCount) connecting")
    }
    for socket in ready {
      if socket.isWritable || clients[socket.tag].state == .connecting {
        try becameWritable(socket.tag)
      }
      if socket.isReadable { try read(socket.tag) }
    }
  }

  private mutating func becameWritable(_ index: Int) throws {
    switch clients[index].state {
    case .connecting: try connected(index)
    case .busy: try write(index)
    case .idle, .closing: break
    }
  }

  /// Hands the system what it takes of the request.
  mutating func write(_ index: Int) throws {
    let socket = clients[index].socket
    while clients[index].sent < clients[index].request.count {
      let count = try socket.send(clients[index].request, from: clients[index].sent)
      guard count > 0 else { break }
      clients[index].sent += count
    }
    try armWriting(index, clients[index].sent < clients[index].request.count)
  }

  mutating func armWriting(_ index: Int, _ isArmed: Bool) throws {
    guard clients[index].isWriteArmed != isArmed else { return }
    clients[index].isWriteArmed = isArmed
    try poller.modify(clients[index].socket, tag: index, writing: isArmed)
  }

  private mutating func read(_ index: Int) throws {
    let socket = clients[index].socket
    while true {
      guard let count = try socket.receive(into: &buffer) else { return }
      guard count > 0 else { return try peerClosed(index) }
      guard clients[index].state == .busy, var exchange = clients[index].exchange else {
        throw LoadError("connection \(index): \(count) bytes came unasked")
      }
      let isComplete = try workload.check(buffer[..<count], in: &exchange)
      clients[index].exchange = exchange
      if isComplete {
        guard clients[index].sent == clients[index].request.count else {
          throw LoadError("connection \(index): the answer was complete before the request")
        }
        return try finish(index)
      }
      // A full buffer may not have been all; otherwise the next event tells.
      if count < buffer.count { return }
    }
  }
}
