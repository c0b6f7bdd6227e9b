import CLinux
import Glibc

/// Sole ownership of a file descriptor.
package final class Descriptor: Sendable {
  package let rawValue: Int32

  package init(owning rawValue: Int32) { self.rawValue = rawValue }

  deinit { close(rawValue) }
}

extension Descriptor {
  /// Opens a file for reading.
  package static func file(_ path: String) throws(SystemCallError) -> Descriptor {
    // SAFETY: the path is a terminated string for the duration of the call.
    Descriptor(owning: unsafe try checked("open", on: path, ix_open(path, O_RDONLY)))
  }

  /// A counter to wake somebody with; neither side ever blocks on it.
  package static func event() throws(SystemCallError) -> Descriptor {
    Descriptor(owning: try checked("eventfd", ix_eventfd()))
  }

  /// Adds one to an event's counter.
  package func signal() {
    var one: UInt64 = 1
    // SAFETY: eight bytes of a local. A full counter changes nothing: it is non-zero already.
    _ = unsafe write(rawValue, &one, 8)
  }

  /// Sets an event's counter to zero.
  package func drain() {
    var count: UInt64 = 0
    // SAFETY: eight bytes of a local. An empty counter fails with EAGAIN, which is as good.
    _ = unsafe read(rawValue, &count, 8)
  }
}
