import Foundation

/// Puts the file `source` in the place of `target`, at once.
func replace(_ target: String, by source: String) throws {
  // SAFETY: both are terminated strings for the duration of the call.
  guard unsafe rename(source, target) == 0 else {
    throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
  }
}

/// Whether this user may open `path` for reading and writing.
func canOpen(_ path: String) -> Bool {
  // SAFETY: the path is a terminated string for the duration of the call.
  let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
  guard descriptor >= 0 else { return false }
  close(descriptor)
  return true
}
