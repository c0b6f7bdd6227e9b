import ControlPlane
import Glibc

/// Where lines go that the launcher does not depend on: a terminal, a log, a pipe. It may take no more
/// at any time; what it does not take is lost.
struct Output {
  static let standard = Output(descriptor: STDOUT_FILENO)
  static let errors = Output(descriptor: STDERR_FILENO)

  let descriptor: Int32

  /// Writes all of `bytes`. Returns why it cannot, in the system's words; nil when it has.
  @discardableResult
  func write(_ bytes: some Collection<UInt8>) -> String? {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      // SAFETY: the buffer lives across the call, and no more than its bytes are written.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return reason(of: errno)
      }
    }
    return nil
  }

  @discardableResult
  func write(line: String) -> String? { write("\(line)\n".utf8) }

  /// Writes what `print` has kept back so far. Returns why it cannot.
  static func flushPrinted() -> String? {
    fflush(nil) == 0 ? nil : reason(of: errno)
  }
}
