import CDPDK
import Glibc

/// What the poller could not do, as one sentence.
struct PollerError: Error, CustomStringConvertible {
  let thing: String
  let reason: String

  var description: String { "\(thing): \(reason)" }

  /// Throws for -errno. DPDK's first words, if there are any, are nearest to the cause.
  static func check(_ thing: String, _ result: Int32) throws(PollerError) {
    guard result < 0 else { return }
    // SAFETY: `strerror` returns a terminated string, which is copied at once.
    let usual = unsafe String(cString: strerror(-result))
    throw PollerError(thing: thing, reason: firstWords ?? usual)
  }

  private static var firstWords: String? {
    // SAFETY: the words end with a zero and stay where they are; they are copied at once.
    let words = unsafe String(cString: ix_dpdk_words(false))
    guard let line = words.split(separator: "\n").first else { return nil }
    // "function(): words"
    guard let name = line.firstRange(of: "(): ") else { return String(line) }
    return String(line[name.upperBound...])
  }
}
