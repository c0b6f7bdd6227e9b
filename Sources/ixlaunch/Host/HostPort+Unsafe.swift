import Glibc

/// Whether a TCP port of 127.0.0.1 can be listened on now.
func isFree(hostPort port: UInt16) -> Bool {
  let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  guard socket >= 0 else { return true }
  defer { close(socket) }
  var yes: Int32 = 1
  // SAFETY: the option's value is a local of the size that is passed. Connections of an earlier
  // run that linger in TIME-WAIT do not count, as they do not for QEMU.
  _ = unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let byteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
  // SAFETY: `sockaddr_in` is the form of `sockaddr` that AF_INET says, and of the size passed.
  let bound = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe bind(socket, $0, byteCount)
    }
  }
  return bound == 0 && listen(socket, 1) == 0
}
