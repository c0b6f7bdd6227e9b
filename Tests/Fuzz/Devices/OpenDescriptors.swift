import Glibc

/// How many descriptors this process has open: not more and more of them with every input.
final class OpenDescriptors: @unchecked Sendable {
  // Unchecked: used by the fuzzer's one thread only.

  /// What the C library and libFuzzer keep open once they have used it.
  private static let tolerance: Int32 = 16

  /// Numbers are given out from the lowest on: those that are lost move the next one up.
  private var first: Int32?

  func requireNoMore() {
    let lowest = dup(0)
    close(lowest)
    let first = first ?? lowest
    self.first = first
    require(lowest <= first + Self.tolerance, "descriptors were lost")
  }
}
