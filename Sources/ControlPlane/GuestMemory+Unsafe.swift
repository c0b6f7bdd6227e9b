import Glibc

/// The memory of a running guest, mapped. What is read here may change at any time, and a guest may
/// write anything: whoever reads checks.
@safe
package final class GuestMemory: @unchecked Sendable {
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer

  /// Maps the file at `path`, as /proc/PID/fd/N of the monitor; nil when that is not possible.
  package init?(path: String) {
    // SAFETY: the path is a terminated string for the duration of the call.
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    // SAFETY: `status` is a local that the call fills in.
    guard unsafe fstat(descriptor, &status) == 0, status.st_size >= 1 << 20 else { return nil }
    // Everything the control page names lies below this: the rest need not be mapped.
    let byteCount = min(Int(status.st_size), Self.limit)
    // SAFETY: a new mapping, of an open file and not beyond its end.
    guard
      let base = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      unsafe base != MAP_FAILED
    else { return nil }
    self.byteCount = byteCount
    unsafe self.base = base
  }

  deinit { unsafe munmap(base, byteCount) }

  /// Physical addresses and offsets in the file are the same up to the hole for devices.
  private static let limit = 1 << 31

  /// Whether a range of physical addresses is mapped, at a cache line.
  package func contains(_ address: UInt64, byteCount: Int) -> Bool {
    byteCount >= 0 && address & 63 == 0 && address <= UInt64(self.byteCount)
      && UInt64(byteCount) <= UInt64(self.byteCount) - address
  }

  /// The range's first byte; the range must be mapped.
  @unsafe
  package func pointer(to address: UInt64, byteCount: Int) -> UnsafeMutableRawPointer {
    precondition(contains(address, byteCount: byteCount), "guest memory that is not mapped")
    // SAFETY: the range was checked.
    return unsafe base + Int(address)
  }
}
