import Image

/// What `ixlaunch control` is told (YAML):
///
///     cores: 0-3                   # of the host; default: those this process may use
///     dataplanes:
///       kv: {policy: consolidation, cores: 1-3, weight: 2}
///       web: {policy: fixed, cores: 1-1}
///     background: {command: "make -j4", cgroup: /sys/fs/cgroup/ix-background}
///     loop: {tick: 100, up: 32, down: 8, idle: 0.3, delay: 300, quiet: 3}
package struct ControlConfiguration: Equatable, Sendable {
  /// Nil for all this process may use.
  package var cores: [Int]?
  package var claims: [Arbiter.Claim]
  /// Run by the shell on what dataplanes leave; nil for none.
  package var backgroundCommand: String?
  /// A cgroup with a cpuset controller that this user may write; nil to set affinities instead.
  package var backgroundGroup: String?
  package var constants: PolicyConstants

  private static let keys = ["cores", "dataplanes", "background", "loop"]
  private static let dataplaneKeys = ["policy", "cores", "weight"]
  private static let loopKeys = ["tick", "up", "down", "idle", "delay", "quiet"]

  package init(parsing text: String, file: String) throws(ManifestError) {
    let reader = try ManifestReader(parsing: text, file: file, keys: Self.keys)
    cores = nil
    if reader.has("cores") {
      let lists = try reader.list("cores", as: "cores, as 0-3 or [0, 2]") {
        Self.range($0, from: 0)
      }
      cores = Array(Set(lists.flatMap { Array($0) })).sorted()
    }
    claims = []
    for (name, reader) in try reader.mappings("dataplanes", keys: Self.dataplaneKeys) {
      guard Manifest.isName(name) else {
        throw ManifestError(file, line: reader.line("policy"), "\"\(name)\" is no dataplane's name")
      }
      let policy: Policy = try reader.scalar(
        "policy", as: "energy, consolidation or fixed", Policy.init)
      let cores: ClosedRange<Int> = try reader.scalar("cores", as: "a range of counts, as 1-3") {
        Self.range($0, from: 1)
      }
      let weight: Int = try reader.scalar("weight", default: "1", as: "a number from 1 to 1000") {
        Int($0).flatMap { (1...1000).contains($0) ? $0 : nil }
      }
      claims.append(Arbiter.Claim(name: name, policy: policy, cores: cores, weight: weight))
    }
    guard !claims.isEmpty else {
      throw ManifestError(file, "no dataplane is named", remedy: "list some under `dataplanes`")
    }
    let background = try reader.mapping("background", keys: ["command", "cgroup"])
    let text: (String) -> String? = { $0.isEmpty ? nil : $0 }
    backgroundCommand =
      background.has("command") ? try background.scalar("command", as: "a command", text) : nil
    backgroundGroup =
      background.has("cgroup") ? try background.scalar("cgroup", as: "a folder", text) : nil
    constants = try Self.constants(try reader.mapping("loop", keys: Self.loopKeys), file)
  }

  private static func constants(
    _ loop: ManifestReader, _ file: String
  ) throws(ManifestError) -> PolicyConstants {
    var constants = PolicyConstants()
    constants.tickMilliseconds = try loop.scalar("tick", default: "100", as: "10 to 10000 ms") {
      Int($0).flatMap { (10...10_000).contains($0) ? $0 : nil }
    }
    constants.upQueueDepth = try loop.scalar(
      "up", default: "32", as: "a number of frames", positive)
    constants.downQueueDepth = try loop.scalar(
      "down", default: "8", as: "a number of frames", positive)
    constants.downIdleShare = try loop.scalar("idle", default: "0.3", as: "a share, 0 to 1") {
      Double($0).flatMap { (0...1).contains($0) ? $0 : nil }
    }
    constants.delayBoundMicroseconds = try loop.scalar(
      "delay", default: "300", as: "microseconds", positive)
    constants.downTicks = try loop.scalar("quiet", default: "3", as: "a number of ticks, 1 to 1000")
    { Int($0).flatMap { (1...1000).contains($0) ? $0 : nil } }
    guard constants.downQueueDepth < constants.upQueueDepth else {
      throw ManifestError(
        file, line: loop.line("down") ?? loop.line("up"), "`down` is not below `up`",
        remedy: "without a gap cores come and go at every tick")
    }
    return constants
  }

  private static func positive(_ text: String) -> Double? {
    Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }

  /// "3" or "1-3", of 0 to 1023.
  static func range(_ text: String, from least: Int) -> ClosedRange<Int>? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1],
      least <= first, first <= last, last < 1024
    else { return nil }
    return first...last
  }
}
