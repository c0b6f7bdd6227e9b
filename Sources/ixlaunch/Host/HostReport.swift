import Foundation

/// What `doctor` prints, as data.
struct HostReport: Encodable {
  /// One thing of the host: whether it is there, what for, and how to get it.
  struct Item: Encodable, Equatable {
    let name: String
    let isPresent: Bool
    let finding: String
    let purpose: String
    /// Empty when there is nothing to do.
    let remedy: String
  }

  let items: [Item]
  /// What `run` would use for a guest on a tap.
  let monitor: String
  let accelerator: String
  let reason: String

  init(
    _ host: HostFacts, find: (String) -> String? = Tool.find,
    poller: String? = Tool.findSibling("ixnet")
  ) {
    items =
      [
        Self.tool("swift", "compiles kernel and applications", "https://swift.org/install", find),
        Self.tool("nasm", "assembles the kernel's entry", "apt install nasm", find),
        Self.tool("qemu-system-x86_64", "runs images", "apt install qemu-system-x86", find),
        Self.tool("ip", "makes taps for --net tap:IF", "apt install iproute2", find),
      ] + Self.devices(of: host) + Self.hardware(of: host, poller: poller)
    let choice = try? MonitorChoice(.auto, .auto, net: "tap:IF", on: host)
    monitor = choice?.monitor == .own ? "our own monitor" : "QEMU"
    accelerator = choice?.accelerator.rawValue ?? "none"
    reason = choice?.reason ?? ""
  }

  private static func tool(
    _ name: String, _ purpose: String, _ source: String, _ find: (String) -> String?
  ) -> Item {
    let path = find(name)
    return Item(
      name: name, isPresent: path != nil, finding: path ?? "not installed", purpose: purpose,
      remedy: path == nil ? source : "")
  }

  private static func devices(of host: HostFacts) -> [Item] {
    let memory = host.availableMemory.map { "\($0 >> 20)M available" } ?? "unknown"
    return [
      Item(
        name: "/dev/kvm", isPresent: host.kvm == .usable, finding: words(for: host.kvm),
        purpose: "runs guests at the processor's own speed",
        remedy: host.kvm == .forbidden ? "join the group that owns it" : ""),
      Item(
        name: "vmx or svm", isPresent: host.virtualization != nil,
        finding: host.virtualization ?? "not among the processor's flags",
        purpose: "makes /dev/kvm worth using",
        remedy: host.virtualization == nil ? "enable virtualization in firmware or host" : ""),
      Item(
        name: "/dev/net/tun", isPresent: host.tun == .usable, finding: words(for: host.tun),
        purpose: "connects guests to a tap (--net tap:IF)",
        remedy: host.tun == .absent ? "modprobe tun" : ""),
      Item(
        name: "memory", isPresent: true, finding: memory, purpose: "the guest's own", remedy: ""),
    ]
  }

  private static func words(for device: HostFacts.Device) -> String {
    switch device {
    case .absent: return "no such device"
    case .forbidden: return "may not be opened by this user"
    case .usable: return "usable"
    }
  }

  var text: String {
    let lines = items.map { item in
      let mark = item.isPresent ? "yes  " : "no   "
      let remedy = item.remedy.isEmpty ? "" : "; \(item.remedy)"
      return mark + ImageReport.padded(item.name, to: 20)
        + "\(item.finding) - \(item.purpose)\(remedy)"
    }
    let choice = "run would use \(monitor) with \(accelerator.uppercased()): \(reason)"
    return (lines + [choice]).joined(separator: "\n")
  }
}
