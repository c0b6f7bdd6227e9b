/// An error a person can act on: what is wrong with which thing, and what to do about it.
package protocol Explained: Error, CustomStringConvertible {
  /// What the error is about: a file, an option, a device.
  var thing: String { get }
  var reason: String { get }
  /// What the person can do; empty if there is nothing to add.
  var remedy: String { get }
}

extension Explained {
  /// One sentence: "thing: reason; remedy".
  package var description: String {
    remedy.isEmpty ? "\(thing): \(reason)" : "\(thing): \(reason); \(remedy)"
  }
}
