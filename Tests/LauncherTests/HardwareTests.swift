import Foundation
import Testing

@testable import ixlaunch

/// What the doctor reads from /sys, and what it makes of it.
@Suite struct HardwareTests {
  /// Files below a folder that is gone after `body`; "a -> b" makes a link.
  private func withTree(_ files: [String: String], _ body: (String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix-sys-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      if text.hasPrefix("-> ") {
        try FileManager.default.createSymbolicLink(
          atPath: file.path, withDestinationPath: String(text.dropFirst(3)))
      } else {
        try Data("\(text)\n".utf8).write(to: file)
      }
    }
    try body(root.path)
  }

  @Test func networkCardsAndTheirDriversAreFound() throws {
    let files = [
      "0000:02:00.0/class": "0x020000", "0000:02:00.0/driver": "-> ../../drivers/ixgbe",
      "0000:01:00.0/class": "0x020000", "0000:01:00.0/driver": "-> ../../drivers/vfio-pci",
      "0000:03:00.0/class": "0x028000", "0000:04:00.0/class": "0x010802",
    ]
    try withTree(files) { root in
      let cards = HostFacts.cards(in: root)
      #expect(cards.map(\.address) == ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0"])
      #expect(cards.map(\.driver) == ["vfio-pci", "ixgbe", nil])
      #expect(cards.map(\.isForPrograms) == [true, false, false])
    }
    #expect(HostFacts.cards(in: "/nowhere") == [])
  }

  @Test(arguments: ["Y": true, "1": true, "N": false, "0": false])
  func nestingIsWhatTheModuleSays(value: String, isNestable: Bool) throws {
    try withTree(["kvm_amd/parameters/nested": value]) { root in
      #expect(HostFacts.isNestable(in: root) == isNestable)
    }
    #expect(HostFacts.isNestable(in: "/nowhere") == nil)
  }

  @Test func groupsAreCounted() throws {
    try withTree(["0/type": "DMA", "1/type": "DMA"]) { root in
      #expect(HostFacts.groupCount(in: root) == 2)
    }
    #expect(HostFacts.groupCount(in: "/nowhere") == 0)
  }

  @Test func whateverIsMissingHasARemedy() throws {
    var host = HostFacts(kvm: .absent, tun: .absent, processorFlags: [], availableMemory: nil)
    host.isNestable = false
    host.cards = [HostFacts.Card(address: "0000:02:00.0", driver: "ixgbe")]
    let missing = HostReport.hardware(of: host, poller: nil)
    #expect(missing.count == 6)
    for item in missing { #expect(!item.isPresent && !item.remedy.isEmpty, "\(item.name)") }
    #expect(missing.last?.remedy == "dpdk-devbind.py --bind=vfio-pci 0000:02:00.0")

    host.tun = .usable
    host.isNestable = true
    host.groupCount = 12
    host.freeHugeMemory = 512 << 20
    host.cards = [HostFacts.Card(address: "0000:02:00.0", driver: "vfio-pci")]
    let complete = HostReport.hardware(of: host, poller: "/usr/bin/ixnet")
    for item in complete { #expect(item.isPresent && item.remedy.isEmpty, "\(item.name)") }
    #expect(complete.map(\.finding).contains("512M free"))
  }
}
