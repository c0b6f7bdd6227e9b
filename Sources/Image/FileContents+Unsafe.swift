import Glibc

/// What became of reading a file.
enum FileContents {
  case bytes([UInt8])
  case absent
  /// A folder, a device or the like.
  case irregular
  case tooLarge
  case unreadable

  /// All bytes of the regular file at `path`, which links may lead to, unless they are more than
  /// `limit`.
  static func read(_ path: String, limit: Int) -> FileContents {
    // SAFETY: the path is a terminated string for the duration of the call. A pipe that nobody
    // writes to does not hold the call up.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return errno == ENOENT ? .absent : .unreadable }
    defer { close(descriptor) }
    var facts = stat()
    // SAFETY: a local that the call fills in.
    guard unsafe fstat(descriptor, &facts) == 0 else { return .unreadable }
    guard facts.st_mode & S_IFMT == S_IFREG else { return .irregular }
    guard facts.st_size <= limit else { return .tooLarge }
    return bytes(of: descriptor, count: Int(facts.st_size)).map(Self.bytes) ?? .unreadable
  }

  /// Nil when there are not so many, or they cannot be read.
  private static func bytes(of descriptor: Int32, count: Int) -> [UInt8]? {
    // SAFETY: at most `count` bytes are read, and only those are counted.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let start = buffer.baseAddress {
        let read = unsafe Glibc.read(descriptor, start + filled, count - filled)
        if read > 0 {
          filled += read
        } else if read == 0 || errno != EINTR {
          return
        }
      }
    }
    return bytes.count == count ? bytes : nil
  }
}
