import Foundation

/// One booted image under `ixlaunch run`.
struct Guest {
  let launcher: Running

  /// Boots a stock image by its manifest's name and waits until its application listens.
  init(_ image: String, _ options: [String] = [], in namespace: Namespace? = nil) throws {
    try self.init(at: product("images/\(image).elf"), options, in: namespace)
  }

  /// Boots the image at `path`.
  init(at path: String, _ options: [String] = [], in namespace: Namespace? = nil) throws {
    let command = [product("release/ixlaunch"), "run", path] + options
    launcher = try Running(namespace?.inside(command) ?? command)
  }

  /// The options that put a guest on a namespace's tap.
  static let onTap = [
    "--net", "tap:tap0", "--ip", "\(Namespace.guestAddress)/24", "--gateway",
    Namespace.hostAddress,
  ]

  func waitUntilListening() -> Bool { launcher.waitFor("ix: listening", seconds: 30) }

  /// Ends the guest as Ctrl-C does.
  func stop() -> Finished {
    launcher.interrupt()
    return launcher.finish()
  }
}

/// A TCP port of 127.0.0.1 that nobody listens on now.
func freePort() -> UInt16 {
  let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  return withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = bind(socket, $0, length)
      _ = getsockname(socket, $0, &length)
    }
    return UInt16(bigEndian: pointer.pointee.sin_port)
  }
}
