import Foundation
import Image
import Testing

@testable import ControlPlane

@Suite struct ConfigurationTests {
  static let whole = """
    cores: 0-3
    dataplanes:
      kv: {policy: consolidation, cores: 1-3, weight: 2}
      web: {policy: fixed, cores: 1}
    background: {command: "sleep 5", cgroup: /sys/fs/cgroup/ix}
    loop: {tick: 50, up: 16, down: 4, idle: 0.5, delay: 100, quiet: 5}
    """

  @Test func everythingIsRead() throws {
    let parsed = try ControlConfiguration(parsing: Self.whole, file: "c.yaml")
    #expect(parsed.cores == [0, 1, 2, 3])
    #expect(
      parsed.claims == [
        Arbiter.Claim(name: "kv", policy: .consolidation, cores: 1...3, weight: 2),
        Arbiter.Claim(name: "web", policy: .fixed, cores: 1...1),
      ])
    #expect(parsed.backgroundCommand == "sleep 5")
    #expect(parsed.backgroundGroup == "/sys/fs/cgroup/ix")
    #expect(parsed.constants.tickMilliseconds == 50)
    #expect(parsed.constants.upQueueDepth == 16)
    #expect(parsed.constants.downTicks == 5)
  }

  @Test func theDefaultsAreThoseOfTheLiterature() throws {
    let parsed = try ControlConfiguration(
      parsing: "dataplanes: {a: {policy: energy, cores: 1-2}}", file: "c.yaml")
    #expect(parsed.cores == nil)
    #expect(parsed.constants == PolicyConstants())
    #expect(parsed.constants.tickMilliseconds == 100)
    #expect(parsed.constants.upQueueDepth == 32)
    #expect(parsed.constants.downQueueDepth == 8)
  }

  @Test(arguments: [
    ("dataplanes: {}", "no dataplane is named"),
    ("dataplanes: {a: {policy: greedy, cores: 1}}", "`policy` is \"greedy\""),
    ("dataplanes: {a: {policy: fixed, cores: 3-1}}", "`cores` is \"3-1\""),
    ("dataplanes: {a: {policy: fixed, cores: 0}}", "`cores` is \"0\""),
    ("dataplanes: {a: {policy: fixed}}", "key `cores` is missing"),
    ("dataplanes: {a: {policy: fixed, cores: 1, colour: red}}", "unknown key"),
    ("dataplanes: {../x: {policy: fixed, cores: 1}}", "is no dataplane's name"),
    ("dataplanes: [a]", "is not a list of names"),
    ("dataplanes: {a: {policy: fixed, cores: 1}}\nloop: {up: 4}", "`down` is not below `up`"),
    ("dataplanes: {a: {policy: fixed, cores: 1}}\nloop: {tick: 1}", "`tick` is \"1\""),
    ("cores: x\ndataplanes: {a: {policy: fixed, cores: 1}}", "`cores` is \"x\""),
  ])
  func whatIsWrongIsSaid(text: String, words: String) {
    let error = #expect(throws: ManifestError.self) {
      _ = try ControlConfiguration(parsing: text, file: "c.yaml")
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test(arguments: [([0, 1, 2, 5], "0-2,5"), ([3], "3"), ([], ""), ([7, 6, 1], "1,6-7")])
  func coresAreListedAsTheKernelWantsThem(cores: [Int], text: String) {
    #expect(ProcessorSet.list(cores) == text)
  }
}

/// Limits of frequency in a folder that looks like sysfs.
@Suite struct HostFrequencyTests {
  private let root = FileManager.default.temporaryDirectory.appendingPathComponent(
    "ix-cpu-\(UUID().uuidString)"
  ).path

  private func make(_ core: Int, low: String, high: String) throws {
    let folder = "\(root)/cpu\(core)/cpufreq"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in [
      ("cpuinfo_min_freq", low), ("cpuinfo_max_freq", high), ("scaling_max_freq", high),
    ] { try Data("\(text)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
  }

  private func limit(_ core: Int) throws -> String {
    let path = "\(root)/cpu\(core)/cpufreq/scaling_max_freq"
    return String(try String(contentsOfFile: path, encoding: .utf8).prefix { $0.isNumber })
  }

  @Test func levelsDivideTheRange() throws {
    try make(2, low: "800000", high: "3800000")
    defer { try? FileManager.default.removeItem(atPath: root) }
    let frequency = HostFrequency(root: root)
    #expect(frequency.isAdjustable(2))
    for (level, kilohertz) in [(3, "3800000"), (2, "2800000"), (1, "1800000"), (9, "3800000")] {
      #expect(frequency.limit(2, to: level))
      #expect(try limit(2) == kilohertz)
    }
  }

  @Test(arguments: [("x", "1"), ("5", "5"), ("0", "5"), ("-1", "5"), ("9", "5")])
  func aHostThatMakesNoSenseIsLeftAlone(low: String, high: String) throws {
    try make(0, low: low, high: high)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let frequency = HostFrequency(root: root)
    #expect(!frequency.isAdjustable(0))
    #expect(!frequency.limit(0, to: 1))
    #expect(!frequency.isAdjustable(1))
  }
}
