import Glibc

/// Writes bytes to a descriptor; what nobody reads any more is dropped.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
  var rest = bytes[...]
  while !rest.isEmpty {
    // SAFETY: the buffer lives across the call, and no more than its bytes are written.
    let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if count < 0, errno != EINTR {
      return
    }
  }
}
