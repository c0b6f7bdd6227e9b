import CLinux

/// Random bytes of the host's kernel; `count` is at most 256, which is never interrupted.
func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  // SAFETY: the array has `count` bytes.
  unsafe bytes.withUnsafeMutableBytes { buffer in
    guard let start = buffer.baseAddress else { return }
    let result = unsafe ix_random(start, buffer.count)
    precondition(result == buffer.count, "the host has no random numbers")
  }
  return bytes
}
