import Glibc

/// Sockets as numbers. The caller closes them.
enum LocalSocket {
  /// A listening socket at `path`; whatever was there is replaced. Nil, with errno, on failure.
  static func listen(path: String) -> Int32? {
    guard let (address, byteCount) = address(path: path) else { return nil }
    _ = unsafe unlink(path)
    let descriptor = socket(AF_UNIX, streamKind, 0)
    guard descriptor >= 0 else { return nil }
    var unixAddress = address
    // SAFETY: `sockaddr_un` is the form of `sockaddr` that AF_UNIX says, and of the size passed.
    let bound = unsafe withUnsafePointer(to: &unixAddress) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, byteCount)
      }
    }
    guard bound == 0, Glibc.listen(descriptor, 16) == 0 else { return failed(descriptor) }
    return descriptor
  }

  /// A listening TCP socket; nil, with errno, on failure.
  static func listen(address: UInt32, port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, streamKind, 0)
    guard descriptor >= 0 else { return nil }
    var yes: Int32 = 1
    // SAFETY: the option's value is a local of the size that is passed.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var internet = sockaddr_in()
    internet.sin_family = sa_family_t(AF_INET)
    internet.sin_port = port.bigEndian
    internet.sin_addr.s_addr = address.bigEndian
    // SAFETY: as above, for AF_INET.
    let bound = unsafe withUnsafePointer(to: &internet) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, Glibc.listen(descriptor, 16) == 0 else { return failed(descriptor) }
    return descriptor
  }

  /// The next client, or nil when none waits.
  static func accept(_ listener: Int32) -> Int32? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    _ = fcntl(client, F_SETFL, O_NONBLOCK)
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    return client
  }

  /// Bytes that can be read now: nil when there are none yet, empty at the end.
  static func read(_ descriptor: Int32) -> [UInt8]? {
    var result = 0
    // SAFETY: `read` fills at most the capacity, and only what it filled is counted.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      count = max(0, result)
    }
    return result < 0 && (errno == EAGAIN || errno == EINTR) ? nil : bytes
  }

  /// Writes what can be written now: how much, or nil when the client is gone.
  static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int? {
    // SAFETY: the bytes live across the call.
    let count = unsafe bytes.withUnsafeBytes {
      unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count < 0 { return errno == EAGAIN || errno == EINTR ? 0 : nil }
    return count
  }

  /// Which of `descriptors` have something to say, after at most `milliseconds`.
  static func wait(
    _ descriptors: [(descriptor: Int32, writes: Bool)], milliseconds: Int32
  ) -> [Bool] {
    var polled = descriptors.map {
      pollfd(fd: $0.descriptor, events: Int16($0.writes ? POLLOUT : POLLIN), revents: 0)
    }
    // SAFETY: the array lives across the call and its length is passed.
    let count = unsafe poll(&polled, nfds_t(polled.count), milliseconds)
    return count > 0 ? polled.map { $0.revents != 0 } : polled.map { _ in false }
  }

  private static let nonBlocking = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  private static let streamKind = Int32(SOCK_STREAM.rawValue) | nonBlocking

  private static func address(path: String) -> (sockaddr_un, socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      errno = ENAMETOOLONG
      return nil
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return (address, socklen_t(MemoryLayout<sockaddr_un>.size))
  }

  private static func failed(_ descriptor: Int32) -> Int32? {
    let code = errno
    close(descriptor)
    errno = code
    return nil
  }
}
