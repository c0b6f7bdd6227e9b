import Glibc

/// What went wrong with the server or the system, as a sentence.
struct LoadError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
  init(call: String, error: Int32 = errno) {
    description = "\(call): \(unsafe String(cString: strerror(error)))"
  }
}
