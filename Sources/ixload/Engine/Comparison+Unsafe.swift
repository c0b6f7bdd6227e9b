import Glibc

/// Whether two slices hold the same bytes.
func areEqual(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Bool {
  guard first.count == second.count else { return false }
  // SAFETY: both buffers have as many bytes as are compared.
  return unsafe first.withUnsafeBytes { first in
    unsafe second.withUnsafeBytes { second in
      guard let one = first.baseAddress, let other = second.baseAddress else { return true }
      return unsafe memcmp(one, other, first.count) == 0
    }
  }
}
