import Glibc

/// An exclusive lock on a file, held as long as this exists. The kernel gives it up when the
/// process ends, however it ends.
package final class FileLock: Sendable {
  private let descriptor: Int32

  /// Nil when another process holds it; waits for it if `waits`.
  package init?(path: String, waits: Bool = false) {
    // SAFETY: the path is a terminated string for the duration of the call.
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
