import Glibc

/// A TCP socket that never blocks; open until `close()`.
struct Socket {
  let descriptor: Int32

  /// What became of an attempt to connect.
  enum Attempt {
    case begun(Socket)
    /// The source address has no port left for this target.
    case noPort
  }

  /// Begins to connect to `target`, from `source` if one is given.
  static func connecting(to target: Endpoint, from source: UInt32?) throws(LoadError) -> Attempt {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
    let socket = Socket(descriptor: Glibc.socket(AF_INET, kind, 0))
    guard socket.descriptor >= 0 else { throw LoadError(call: "socket") }
    try socket.enable(TCP_NODELAY, of: Int32(IPPROTO_TCP))
    if let source {
      // The port is chosen when the target is known, so that targets share ports.
      try socket.enable(IP_BIND_ADDRESS_NO_PORT, of: Int32(IPPROTO_IP))
      guard socket.bind(source) else { throw LoadError(call: "bind") }
    }
    if socket.connect(target) || errno == EINPROGRESS { return .begun(socket) }
    guard errno == EADDRNOTAVAIL else { throw LoadError(call: "connect to \(target)") }
    socket.close()
    return .noPort
  }

  private func enable(_ option: Int32, of level: Int32) throws(LoadError) {
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe setsockopt(descriptor, level, option, &one, size) == 0 else {
      throw LoadError(call: "setsockopt")
    }
  }

  private func bind(_ source: UInt32) -> Bool {
    unsafe withSocketAddress(source, port: 0) { unsafe Glibc.bind(descriptor, $0, $1) == 0 }
  }

  private func connect(_ target: Endpoint) -> Bool {
    unsafe withSocketAddress(target.address, port: target.port) {
      unsafe Glibc.connect(descriptor, $0, $1) == 0
    }
  }

  /// Throws what `connect` came to, once the socket is writable.
  func checkConnected() throws(LoadError) {
    var status: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &size)
    guard status == 0 else { throw LoadError(call: "connect", error: status) }
  }

  /// Hands `bytes` from `offset` on to the kernel; returns how many it took, 0 when it is full.
  func send(_ bytes: [UInt8], from offset: Int) throws(LoadError) -> Int {
    // SAFETY: the range is within the array, which outlives the call.
    let count = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.send(
        descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
    }
    if count >= 0 { return count }
    guard errno == EAGAIN else { throw LoadError(call: "send") }
    return 0
  }

  /// Bytes read into `buffer`: 0 at the end of the stream, nil when there are none yet.
  func receive(into buffer: inout [UInt8]) throws(LoadError) -> Int? {
    // SAFETY: the kernel writes at most as many bytes as the array holds.
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count >= 0 { return count }
    guard errno == EAGAIN else { throw LoadError(call: "recv") }
    return nil
  }

  /// Sends FIN after what was sent.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  func close() { Glibc.close(descriptor) }

  /// Closes with RST: nothing stays behind on either side.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<linger>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    close()
  }
}

/// Lets this process have `count` sockets and a few files.
func allowSockets(_ count: Int) throws(LoadError) {
  let needed = rlim_t(count + 64)
  var limit = rlimit()
  unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  guard limit.rlim_cur < needed else { return }
  limit.rlim_cur = needed
  limit.rlim_max = max(limit.rlim_max, needed)
  guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    throw LoadError(call: "\(count) sockets: setrlimit")
  }
}

private func withSocketAddress<Result>(
  _ address: UInt32, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var storage = sockaddr_in()
  storage.sin_family = sa_family_t(AF_INET)
  storage.sin_port = port.bigEndian
  storage.sin_addr.s_addr = address.bigEndian
  // SAFETY: every socket address may be passed as the general one with its size.
  return unsafe withUnsafePointer(to: &storage) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
