/// Opens sockets, from as many source addresses as there are.
struct Dialler {
  private let target: Endpoint
  private let sources: [UInt32?]
  private var turn = 0

  init(_ options: ConnectionOptions, to target: Endpoint) throws(LoadError) {
    self.target = target
    guard let text = options.sources else {
      sources = [nil]
      return
    }
    guard let range = parseIPv4Range(text) else {
      throw LoadError("\(text): not an address or a range of addresses")
    }
    sources = range.map { $0 }
  }

  /// A socket that is connecting, from the next source that has a port left.
  mutating func dial() throws(LoadError) -> Socket {
    for _ in sources {
      turn = (turn + 1) % sources.count
      if case .begun(let socket) = try Socket.connecting(to: target, from: sources[turn]) {
        return socket
      }
    }
    throw LoadError("no port is left; give more source addresses (--sources)")
  }
}
