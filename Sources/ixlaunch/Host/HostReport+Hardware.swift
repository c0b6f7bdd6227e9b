extension HostReport {
  /// Nesting, huge pages, IOMMU and ports for DPDK.
  static func hardware(of host: HostFacts, poller: String?) -> [Item] {
    [nesting(of: host), hugePages(of: host), groups(of: host), Self.poller(poller)]
      + cards(of: host)
  }

  private static func nesting(of host: HostFacts) -> Item {
    let isThere = host.isNestable == true
    return Item(
      name: "nested KVM", isPresent: isThere,
      finding: host.isNestable.map { $0 ? "on" : "off" } ?? "KVM's module does not say",
      purpose: "runs guests inside of guests",
      remedy: host.isNestable == false ? "load kvm_intel or kvm_amd with nested=1" : "")
  }

  private static func hugePages(of host: HostFacts) -> Item {
    let free = host.freeHugeMemory
    return Item(
      name: "huge pages", isPresent: free > 0, finding: "\(free >> 20)M free",
      purpose: "make memory of guests and DPDK quicker to reach",
      remedy: free > 0 ? "" : "reserve some: sysctl vm.nr_hugepages=256")
  }

  private static func groups(of host: HostFacts) -> Item {
    let count = host.groupCount
    return Item(
      name: "IOMMU", isPresent: count > 0, finding: "\(count) groups",
      purpose: "keeps a card that a program drives to that program's memory",
      remedy: count > 0 ? "" : "enable VT-d or AMD-Vi in firmware, and boot with intel_iommu=on")
  }

  private static func poller(_ path: String?) -> Item {
    Item(
      name: "ixnet", isPresent: path != nil, finding: path ?? "not built",
      purpose: "connects guests to DPDK ports (--net dpdk:DEVARGS)",
      remedy: path == nil ? "swift build -c release --product ixnet" : "")
  }

  private static func cards(of host: HostFacts) -> [Item] {
    let virtual = Item(
      name: "DPDK ports", isPresent: host.tun == .usable, finding: "net_tap, net_af_packet",
      purpose: "need no card of their own",
      remedy: host.tun == .usable ? "" : "get the right to use /dev/net/tun")
    return [virtual]
      + host.cards.map { card in
        Item(
          name: card.address, isPresent: card.isForPrograms,
          finding: card.driver.map { "a network card that \($0) has" } ?? "a network card",
          purpose: "as --net dpdk:\(card.address)",
          remedy: card.isForPrograms ? "" : "dpdk-devbind.py --bind=vfio-pci \(card.address)")
      }
  }
}
