import Foundation
import Testing

@testable import ixlaunch

/// What the launcher concludes from what it finds on the host.
@Suite struct HostTests {
  private func host(kvm: HostFacts.Device, flags: Set<String>) -> HostFacts {
    HostFacts(kvm: kvm, tun: .absent, processorFlags: flags, availableMemory: 1 << 30)
  }

  @Test func procIsRead() {
    let cpuinfo = "processor\t: 0\nflags\t\t: fpu vmx sse2\n\nprocessor\t: 1\nflags\t\t: fpu\n"
    #expect(HostFacts.processorFlags(in: cpuinfo) == ["fpu", "vmx", "sse2"])
    #expect(HostFacts.processorFlags(in: "") == [])
    let meminfo = "MemTotal:  100 kB\nMemAvailable:   64 kB\n"
    #expect(HostFacts.availableMemory(in: meminfo) == 64 << 10)
    #expect(HostFacts.availableMemory(in: "MemAvailable:") == nil)
    let huge = "HugePages_Total:  9\nHugePages_Free:  3\nHugepagesize:  2048 kB\n"
    #expect(HostFacts.freeHugeMemory(in: huge) == 6 << 20)
    #expect(HostFacts.freeHugeMemory(in: "") == 0)
  }

  @Test func kvmIsTakenOnlyWhereTheProcessorVirtualizes() throws {
    let hardware = host(kvm: .usable, flags: ["svm"])
    #expect(try AcceleratorChoice(.auto, on: hardware).accelerator == .kvm)
    let emulation = try AcceleratorChoice(.auto, on: host(kvm: .usable, flags: []))
    #expect(emulation.accelerator == .tcg)
    #expect(emulation.reason.contains("neither vmx nor svm"))
    let forbidden = try AcceleratorChoice(.auto, on: host(kvm: .forbidden, flags: ["vmx"]))
    #expect(forbidden.accelerator == .tcg)
  }

  @Test func whatIsAskedForIsTaken() throws {
    let hardware = host(kvm: .usable, flags: ["vmx"])
    #expect(try AcceleratorChoice(.tcg, on: hardware).accelerator == .tcg)
    #expect(try AcceleratorChoice(.kvm, on: host(kvm: .usable, flags: [])).accelerator == .kvm)
    #expect(throws: LaunchError.self) {
      _ = try AcceleratorChoice(.kvm, on: host(kvm: .absent, flags: ["vmx"]))
    }
  }

  @Test func theDoctorSaysWhatIsMissingAndHowToGetIt() {
    let report = HostReport(host(kvm: .absent, flags: []), find: { _ in nil }, poller: nil)
    #expect(report.items.first?.remedy == "https://swift.org/install")
    #expect(report.accelerator == "tcg")
    #expect(report.text.contains("no   nasm"))
    let healthy = HostReport(host(kvm: .usable, flags: ["vmx"]), find: { "/usr/bin/\($0)" })
    #expect(healthy.accelerator == "kvm")
    #expect(healthy.items.first?.remedy == "")
  }
}

@Suite struct TapDeviceTests {
  /// A stand-in for /sys/class/net with one interface.
  private func check(tunFlags: String?, flags: String = "0x1003", cores: Int = 1) throws -> String?
  {
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix-tap-\(UUID().uuidString)")
    let directory = root.appendingPathComponent("tap0")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try Data("\(flags)\n".utf8).write(to: directory.appendingPathComponent("flags"))
    if let tunFlags {
      try Data("\(tunFlags)\n".utf8).write(to: directory.appendingPathComponent("tun_flags"))
    }
    do {
      try #require(TapDevice(name: "tap0")).check(cores: cores, in: root.path)
      return nil
    } catch let error as LaunchError {
      return error.reason
    }
  }

  @Test func aTapThatIsUpAndCarriesVirtioHeadersIsTaken() throws {
    #expect(try check(tunFlags: "0x5002") == nil)
  }

  @Test func otherInterfacesAreExplained() throws {
    #expect(try check(tunFlags: nil) == "this interface is not a tap")
    #expect(try check(tunFlags: "0x4001") == "this interface is not a tap")
    #expect(try check(tunFlags: "0x1002") == "this tap was made without vnet_hdr")
    #expect(
      try check(tunFlags: "0x5102")
        == "this tap was made with multi_queue, which one core cannot use")
    #expect(try check(tunFlags: "0x5102", cores: 2) == nil)
    #expect(try check(tunFlags: "0x5002", cores: 2) == nil)
    #expect(try check(tunFlags: "0x5002", flags: "0x1002") == "this tap is down")
  }

  @Test(arguments: ["", "..", "a/b", "tap 0", "tap0,script=x", "0123456789abcdef"])
  func namesThatNoInterfaceHasAreRefused(name: String) {
    #expect(TapDevice(name: name) == nil)
  }
}
