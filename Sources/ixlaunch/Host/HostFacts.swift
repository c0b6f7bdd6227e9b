import Foundation

/// What this host offers, as read from /proc and /dev.
struct HostFacts: Equatable {
  enum Device: Equatable {
    case absent
    /// There, but this user may not open it.
    case forbidden
    case usable
  }

  var kvm: Device
  var tun: Device
  /// `flags` of /proc/cpuinfo.
  var processorFlags: Set<String>
  /// MemAvailable of /proc/meminfo, bytes; nil if the kernel does not say.
  var availableMemory: UInt64?
  /// Bytes of huge pages that nobody uses.
  var freeHugeMemory: UInt64 = 0
  /// Whether guests may have guests; nil if KVM does not say.
  var isNestable: Bool?
  /// Groups of devices that an IOMMU keeps apart.
  var groupCount = 0
  var cards: [Card] = []

  /// The processor's virtualization extension, or nil.
  var virtualization: String? { ["vmx", "svm"].first(where: processorFlags.contains) }

  /// What a machine may need.
  static func current() -> HostFacts {
    HostFacts(
      kvm: device("/dev/kvm"), tun: device("/dev/net/tun"),
      processorFlags: processorFlags(in: text("/proc/cpuinfo")),
      availableMemory: availableMemory(in: text("/proc/meminfo")),
      freeHugeMemory: freeHugeMemory(in: text("/proc/meminfo")))
  }

  /// The same with what only a person wants to know.
  static func everything() -> HostFacts {
    var facts = current()
    facts.isNestable = isNestable()
    facts.groupCount = groupCount()
    facts.cards = cards()
    return facts
  }

  /// The flags of the first processor.
  static func processorFlags(in cpuinfo: String) -> Set<String> {
    let line = cpuinfo.split(separator: "\n").first { $0.hasPrefix("flags") }
    let flags = line?.split(separator: ":", maxSplits: 1).last ?? ""
    return Set(flags.split(separator: " ").map { String($0) })
  }

  /// "MemAvailable:   123 kB" in bytes.
  static func availableMemory(in meminfo: String) -> UInt64? {
    number("MemAvailable", in: meminfo).map { $0 << 10 }
  }

  /// Free huge pages of the usual size, in bytes.
  static func freeHugeMemory(in meminfo: String) -> UInt64 {
    let count = number("HugePages_Free", in: meminfo) ?? 0
    return count * ((number("Hugepagesize", in: meminfo) ?? 0) << 10)
  }

  private static func number(_ name: String, in meminfo: String) -> UInt64? {
    let line = meminfo.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
  }

  private static func device(_ path: String) -> Device {
    guard FileManager.default.fileExists(atPath: path) else { return .absent }
    return canOpen(path) ? .usable : .forbidden
  }

  private static func text(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
