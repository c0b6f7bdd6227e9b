import Foundation
import KeyValue

/// Serves a `Server` on a loopback port with poll(2), so that real clients can talk to it.
final class LoopbackServer: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32
  private let lock = NSLock()
  private var isStopped = false

  /// Listens on `port` of 127.0.0.1; 0 lets the system choose.
  init?(port: UInt16 = 0) {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    listener = socket
    var one: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 128) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { return nil }
    self.port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(listener) }

  func start(_ settings: Settings) {
    Thread.detachNewThread { self.run(settings) }
  }

  func stop() { lock.withLock { isStopped = true } }

  /// What is to be done for one socket.
  private struct Peer {
    var descriptor: Int32
    var input: [UInt8] = []
    var output: [UInt8] = []
    var isBlocked = false
    var isClosing = false
  }

  /// Serves until `stop`.
  func run(_ settings: Settings) {
    var server = Server(settings)
    var peers: [Peer?] = []
    let start = time(nil)
    while !lock.withLock({ isStopped }) {
      var polls = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      var numbers = [-1]
      for (number, peer) in peers.enumerated() {
        guard let peer else { continue }
        let events = peer.output.isEmpty ? POLLIN : POLLOUT
        polls.append(pollfd(fd: peer.descriptor, events: Int16(events), revents: 0))
        numbers.append(number)
      }
      guard poll(&polls, nfds_t(polls.count), 100) > 0 else { continue }
      server.advance(to: UInt32(time(nil) - start))
      for (index, poll) in polls.enumerated() where poll.revents != 0 {
        if numbers[index] < 0 {
          accept(&server, &peers)
        } else if !Self.serve(&server, &peers[numbers[index]]!, UInt32(numbers[index])) {
          close(peers[numbers[index]]!.descriptor)
          server.ended(UInt32(numbers[index]))
          peers[numbers[index]] = nil
        }
      }
    }
    for case let peer? in peers { close(peer.descriptor) }
  }

  private func accept(_ server: inout Server, _ peers: inout [Peer?]) {
    let descriptor = Foundation.accept(listener, nil, nil)
    guard descriptor >= 0 else { return }
    let number = peers.firstIndex { $0 == nil } ?? peers.count
    guard server.connected(UInt32(number)) else {
      close(descriptor)
      return
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    if number == peers.count { peers.append(nil) }
    peers[number] = Peer(descriptor: descriptor)
  }

  /// Reads, answers and writes once. False when the connection is over.
  private static func serve(_ server: inout Server, _ peer: inout Peer, _ number: UInt32) -> Bool {
    if peer.output.isEmpty, !peer.isBlocked {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(peer.descriptor, &buffer, buffer.count)
      if count == 0 || (count < 0 && errno != EAGAIN) { return false }
      if count > 0 { peer.input += buffer[..<count] }
    }
    repeat {
      answer(&server, &peer, number)
      while !peer.output.isEmpty {
        let count = send(peer.descriptor, peer.output, peer.output.count, Int32(MSG_NOSIGNAL))
        if count < 0 { return errno == EAGAIN }
        peer.output.removeFirst(count)
      }
    } while peer.isBlocked
    return !peer.isClosing
  }

  private static func answer(_ server: inout Server, _ peer: inout Peer, _ number: UInt32) {
    let progress = server.receive(peer.input.span.bytes, on: number, room: 1 << 18)
    peer.input.removeFirst(progress.consumedByteCount)
    peer.isBlocked = progress.isBlocked
    peer.isClosing = progress.wantsClose
    for index in 0..<server.replyCount {
      server.replyBytes(index).withUnsafeBytes { peer.output += $0 }
      if let loan = server.replyLoan(index) { server.returned(loan: loan) }
    }
  }
}
