import Foundation

/// What the system says of an errno: "No space left on device".
package func reason(of code: Int32) -> String {
  // SAFETY: `strerror` returns a terminated string, which is copied at once.
  unsafe String(cString: strerror(code))
}

/// The same of an error of Foundation's, where it comes from a system call; else its own words.
package func reason(of error: any Error) -> String {
  let cause = (error as? CocoaError)?.underlying ?? error
  guard let cause = cause as? POSIXError else { return error.localizedDescription }
  return reason(of: Int32(cause.code.rawValue))
}
