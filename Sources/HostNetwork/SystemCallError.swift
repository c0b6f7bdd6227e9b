import Glibc

/// A system call that failed: what was called, on what, and its errno.
package struct SystemCallError: Error, Equatable, CustomStringConvertible {
  package let call: String
  package let subject: String
  package let code: Int32

  package init(_ call: String, on subject: String = "", code: Int32) {
    self.call = call
    self.subject = subject
    self.code = code
  }

  /// What the system says about `code`.
  package var reason: String {
    // SAFETY: `strerror` returns a terminated string, which is copied at once.
    unsafe String(cString: strerror(code))
  }

  package var description: String {
    "\(call)\(subject.isEmpty ? "" : " \(subject)"): \(reason) (errno \(code))"
  }
}

/// `result` of a call that returns -errno on failure.
@discardableResult
package func checked(
  _ call: String, on subject: String = "", _ result: Int32
) throws(SystemCallError) -> Int32 {
  guard result >= 0 else { throw SystemCallError(call, on: subject, code: -result) }
  return result
}
