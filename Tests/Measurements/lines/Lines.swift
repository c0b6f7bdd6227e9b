import Glibc

/// `lines CONNECTIONS ROUNDS`: opens connections, each of which echoes once in a round; the last
/// round is marked, echo by echo.
@main
struct Lines {
  static func main() {
    guard CommandLine.arguments.count == 3, let count = UInt16(CommandLine.arguments[1]),
      let roundCount = Int(CommandLine.arguments[2])
    else {
      print("usage: lines CONNECTIONS ROUNDS")
      exit(2)
    }
    guard markers_map() != 0 else { fatalError("the markers' page") }
    var server = Server(connectionCount: Int(count))
    server.printPlan()
    Peer.introduce(to: &server.device)
    server.turn()
    var peers = (0..<count).map { Peer(port: 1024 + $0) }
    for index in peers.indices {
      peers[index].open(&server.device)
      server.turn()
      peers[index].complete(&server.device)
      server.turn()
    }
    for round in 1...roundCount {
      for index in peers.indices {
        if round == roundCount { mark(Int32(MARK_NEXT)) }
        peers[index].say(&server.device)
        server.turn()
        peers[index].hear(server.device)
      }
    }
  }
}
