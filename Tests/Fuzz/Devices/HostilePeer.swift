import Glibc

/// A back end whose answers are made of the fuzzer's input: honest ones, nearly honest ones, anything.
/// It hangs up when the input is used up.
final class HostilePeer: @unchecked Sendable {
  // Unchecked: what is shared is behind `shared`.

  private struct Shared {
    var input: [UInt8] = []
    var isIdle = true
  }

  /// Relative to the checkout, in which `run.sh` is.
  let path = ".build/fuzz/peer-\(getpid())"
  private let listener: Int32
  private let shared = Locked(Shared())
  private var thread: HostThread?

  init() {
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    unlink(path)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    require(bound == 0 && listen(listener, 8) == 0, "nobody can listen")
    thread = try? HostThread("peer") { [self] in while true { serve() } }
    require(thread != nil, "there is no thread")
  }

  /// What the connections from now on are answered with.
  func prepare(_ input: [UInt8]) { shared.withLock { $0.input = input } }

  /// Returns when no connection is left.
  func waitUntilIdle() {
    while !shared.withLock({ $0.isIdle }) { sched_yield() }
  }

  private func serve() {
    var polled = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    poll(&polled, 1, -1)
    shared.withLock { $0.isIdle = false }
    let connection = accept(listener, nil, nil)
    let input = shared.withLock { $0.input }
    input.withUnsafeBytes { bytes in
      var reader = InputReader(bytes)
      while !reader.isEmpty, let (request, needsAnswer) = receive(connection) {
        guard answer(request, needsAnswer, &reader, connection) else { break }
      }
    }
    close(connection)
    shared.withLock { $0.isIdle = true }
  }

  /// The next message's number, and whether an answer is waited for.
  private func receive(_ connection: Int32) -> (UInt32, Bool)? {
    var header: [UInt32] = [0, 0, 0]
    // Descriptors that come along are closed by the kernel, as there is no room for them.
    guard recv(connection, &header, 12, Int32(MSG_WAITALL)) == 12 else { return nil }
    var payload = [UInt8](repeating: 0, count: Int(header[2]))
    guard payload.isEmpty || recv(connection, &payload, payload.count, Int32(MSG_WAITALL)) > 0
    else { return nil }
    return (header[0], header[1] & 8 != 0 || [1, 11, 15, 17].contains(header[0]))
  }

  /// False to hang up.
  private func answer(
    _ request: UInt32, _ needsAnswer: Bool, _ reader: inout InputReader, _ connection: Int32
  ) -> Bool {
    guard needsAnswer else { return true }
    let form = reader.byte()
    switch form & 15 {
    case 0: return false
    case 1:
      // Whether that is too little or too much, it is the last: nobody has to wait for more.
      _ = send(reader.take(Int(reader.byte())), connection)
      return false
    case 2:
      let header = [request, UInt32(reader.byte()), reader.doubleWord()]
      _ = send(header, connection) && send(reader.take(Int(reader.byte())), connection)
      return false
    case 3...7: return send(request, reader.doubleWord(), reader.doubleWord(), connection)
    default: return send(request, honest(request), request == 1 ? 1 : 0, connection)
    }
  }

  /// Checksums and protocol features; queues and answers; 128 pairs; done.
  private func honest(_ request: UInt32) -> UInt32 {
    switch request {
    case 1: 1 << 30 | 1 << 28 | 0b11
    case 15: 0b1001
    case 17: 128
    default: 0
    }
  }

  private func send(_ request: UInt32, _ low: UInt32, _ high: UInt32, _ connection: Int32) -> Bool {
    send([request, 5, 8, low, high], connection)
  }

  private func send(_ words: [UInt32], _ connection: Int32) -> Bool {
    words.withUnsafeBytes { send($0, connection) }
  }

  private func send(_ bytes: UnsafeRawBufferPointer, _ connection: Int32) -> Bool {
    Glibc.send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      == bytes.count
  }
}
