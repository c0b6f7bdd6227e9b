import Foundation

extension HostFacts {
  /// A network card on the PCI bus.
  struct Card: Equatable {
    /// As "0000:01:00.0", which names the card for `--net dpdk:`.
    let address: String
    /// Linux's driver that has it; nil for none.
    let driver: String?

    /// A driver that lets programs use the card.
    var isForPrograms: Bool { ["vfio-pci", "uio_pci_generic", "igb_uio"].contains(driver) }
  }

  /// The network cards below `root`, which is /sys/bus/pci/devices.
  static func cards(in root: String = "/sys/bus/pci/devices") -> [Card] {
    let files = FileManager.default
    return ((try? files.contentsOfDirectory(atPath: root)) ?? []).sorted().compactMap { address in
      // Class 2: network controllers.
      guard line(at: "\(root)/\(address)/class").hasPrefix("0x02") else { return nil }
      let driver = try? files.destinationOfSymbolicLink(atPath: "\(root)/\(address)/driver")
      return Card(
        address: address, driver: driver.map { URL(fileURLWithPath: $0).lastPathComponent })
    }
  }

  /// Whether guests may have guests; nil where KVM's module does not say. `root` is /sys/module.
  static func isNestable(in root: String = "/sys/module") -> Bool? {
    for module in ["kvm_intel", "kvm_amd"] {
      let value = line(at: "\(root)/\(module)/parameters/nested")
      if !value.isEmpty { return ["Y", "1"].contains(value) }
    }
    return nil
  }

  /// Groups of devices that an IOMMU keeps apart. `root` is /sys/kernel/iommu_groups.
  static func groupCount(in root: String = "/sys/kernel/iommu_groups") -> Int {
    ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).count
  }

  private static func line(at path: String) -> String {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
