import Foundation

/// A process that cannot be mistaken for a later one with the same number.
package struct ProcessIdentity: Codable, Equatable, Sendable {
  package var identifier: Int32
  /// When it started, in clock ticks since the host booted (proc(5), field 22 of stat).
  package var startTime: UInt64

  package init(identifier: Int32, startTime: UInt64) {
    self.identifier = identifier
    self.startTime = startTime
  }

  /// The process of this number now; nil when there is none.
  package init?(_ identifier: Int32) {
    guard let facts = Self.facts(of: identifier), facts.state != "Z" else { return nil }
    self.init(identifier: identifier, startTime: facts.startTime)
  }

  package static var current: Self {
    Self(getpid()) ?? Self(identifier: getpid(), startTime: 0)
  }

  /// Whether it runs still.
  package var isAlive: Bool { Self(identifier) == self }

  private static func facts(of identifier: Int32) -> (state: Substring, startTime: UInt64)? {
    guard let stat = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
      // The name in front of it may contain anything.
      let rest = stat.split(separator: ")", omittingEmptySubsequences: false).last
    else { return nil }
    let fields = rest.split(separator: " ")
    guard fields.count > 19, let startTime = UInt64(fields[19]) else { return nil }
    return (fields[0], startTime)
  }
}
