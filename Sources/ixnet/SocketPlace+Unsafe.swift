import Glibc

/// Where a guest finds its back end; no trace of it is left.
@safe
struct SocketPlace {
  /// Bytes of `sun_path` (unix(7)), less the zero at its end.
  private static let pathByteLimit = 107

  let path: String
  /// Made for this socket alone.
  private let folder: String?

  /// Throws if a socket cannot be at `path`; nil makes a folder for it.
  init(_ path: String?) throws(PollerError) {
    if let path {
      guard path.utf8.count <= Self.pathByteLimit else {
        throw PollerError(
          thing: path, reason: "a socket's path has at most \(Self.pathByteLimit) bytes")
      }
      self.path = path
      folder = nil
    } else {
      let folder = try Self.makeFolder()
      self.path = "\(folder)/guest"
      self.folder = folder
    }
  }

  private static func makeFolder() throws(PollerError) -> String {
    var template = Array("/tmp/ixnet-XXXXXX".utf8CString)
    // SAFETY: a terminated string in an array of ours, which the call writes the name to.
    let made = unsafe template.withUnsafeMutableBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return false }
      return unsafe mkdtemp(start) != nil
    }
    guard made else {
      try PollerError.check("/tmp", -errno)
      return ""
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Makes a user the owner of a folder that was made for this socket, and of the socket; false where
  /// there is none.
  func give(to user: uid_t) throws(PollerError) -> Bool {
    guard let folder else { return false }
    for name in [path, folder] {
      // SAFETY: a terminated string for the duration of the call.
      if unsafe lchown(name, user, user) < 0 { try PollerError.check(name, -errno) }
    }
    return true
  }

  /// Takes the name away; whoever is connected stays so. Does nothing the second time.
  func remove() {
    // SAFETY: terminated strings for the duration of the calls.
    unsafe unlink(path)
    if let folder { unsafe rmdir(folder) }
  }
}
