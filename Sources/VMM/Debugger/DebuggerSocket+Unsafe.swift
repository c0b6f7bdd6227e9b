import Glibc
import HostNetwork

/// TCP on 127.0.0.1, for one debugger at a time.
enum DebuggerSocket {
  /// A socket that listens on `port`.
  static func listen(on port: UInt16) throws(SystemCallError) -> Descriptor {
    let name = "on port \(port) of 127.0.0.1"
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw SystemCallError("socket", on: name, code: errno) }
    let listener = Descriptor(owning: descriptor)
    var isReused: Int32 = 1
    // SAFETY: a local of the size that is passed.
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: sockaddr_in is what an address of this family is, and its size is passed.
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw SystemCallError("bind", on: name, code: errno) }
    guard Glibc.listen(descriptor, 1) == 0 else {
      throw SystemCallError("listen", on: name, code: errno)
    }
    return listener
  }

  /// The next debugger; nil when there was none after all.
  static func accept(from listener: Descriptor) -> Descriptor? {
    let descriptor = Glibc.accept(listener.rawValue, nil, nil)
    return descriptor >= 0 ? Descriptor(owning: descriptor) : nil
  }

  /// Bytes that have arrived, after waiting for some; nil at the end.
  static func read(from socket: Descriptor) -> [UInt8]? {
    // SAFETY: the call fills in at most as many bytes as there is room for.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = unsafe max(0, Glibc.read(socket.rawValue, buffer.baseAddress, buffer.count))
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Waits until something can be read from one of them; the places of those it can.
  @discardableResult
  static func wait(for descriptors: Descriptor...) -> Set<Int> {
    var polls = descriptors.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
    // SAFETY: the array is as long as is passed.
    while unsafe poll(&polls, nfds_t(polls.count), -1) <= 0 {}
    return Set(polls.indices.filter { polls[$0].revents != 0 })
  }
}
