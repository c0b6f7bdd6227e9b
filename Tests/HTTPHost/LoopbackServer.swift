import Glibc

@testable import HTTP

/// Serves a site archive on a port of 127.0.0.1 with the module that images use, so that ordinary
/// clients can be tried against it. One thread; `serve` runs until `stop`.
package final class LoopbackServer: @unchecked Sendable {
  package let port: UInt16
  private let listener: Int32
  private let archive: [UInt8]
  private var clients: [Int32: LoopbackClient] = [:]
  private var server = Server()
  /// Written to by `stop`.
  private let wakeUp: (read: Int32, write: Int32)

  /// Port 0 takes any free one.
  package init(archive: [UInt8], port: UInt16 = 0) {
    self.archive = archive
    (listener, self.port) = Self.listen(on: port)
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0, "pipe: errno \(errno)")
    wakeUp = (ends[0], ends[1])
  }

  private static func listen(on port: UInt16) -> (listener: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var byteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(listener, $0, byteCount) == 0, "bind: errno \(errno)")
        getsockname(listener, $0, &byteCount)
      }
    }
    precondition(Glibc.listen(listener, 1024) == 0, "listen: errno \(errno)")
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  package func stop() {
    var byte: UInt8 = 0
    write(wakeUp.write, &byte, 1)
  }

  package func serve() {
    while true {
      var polled = [pollfd(fd: wakeUp.read, events: Int16(POLLIN), revents: 0)]
      polled.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
      for client in clients.values { polled.append(client.interest) }
      poll(&polled, nfds_t(polled.count), -1)
      if polled[0].revents != 0 { break }
      if polled[1].revents != 0 { accept() }
      for entry in polled.dropFirst(2) where entry.revents != 0 { serve(entry.fd) }
    }
    for descriptor in clients.keys { close(descriptor) }
    for descriptor in [listener, wakeUp.read, wakeUp.write] { close(descriptor) }
  }

  private func accept() {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { return }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    clients[descriptor] = LoopbackClient(descriptor)
    server.counters.connectionCount += 1
  }

  private func serve(_ descriptor: Int32) {
    guard let client = clients[descriptor] else { return }
    client.receive()
    repeat {
      client.answer(archive, &server)
      client.flush(archive)
    } while client.canGoOn
    if client.isFinished {
      clients[descriptor] = nil
      close(descriptor)
    }
  }
}
