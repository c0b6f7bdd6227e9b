import Testing

@testable import ixlaunch

@Suite struct MonitorChoiceTests {
  static func host(kvm: HostFacts.Device, flags: Set<String>) -> HostFacts {
    HostFacts(kvm: kvm, tun: .usable, processorFlags: flags, availableMemory: nil)
  }

  static let hardware = host(kvm: .usable, flags: ["vmx"])
  static let software = host(kvm: .usable, flags: [])

  @Test(arguments: ["tap:tap0", "none"])
  func autoTakesOurOwnMonitorOnHardware(net: String) throws {
    let choice = try MonitorChoice(.auto, .auto, net: net, on: Self.hardware)
    #expect(choice.monitor == .own)
    #expect(
      choice.text
        == "using our own monitor on KVM: /dev/kvm is usable and the processor has vmx")
  }

  @Test func autoTakesQEMUForWhatOnlyQEMUHas() throws {
    let choice = try MonitorChoice(.auto, .auto, net: "user", on: Self.hardware)
    #expect(choice.monitor == .qemu)
    #expect(choice.accelerator == .kvm)
  }

  @Test func autoTakesQEMUWhereKVMIsNotHardware() throws {
    let choice = try MonitorChoice(.auto, .auto, net: "none", on: Self.software)
    #expect(choice.monitor == .qemu)
    #expect(choice.accelerator == .tcg)
    #expect(try MonitorChoice(.auto, .tcg, net: "none", on: Self.hardware).monitor == .qemu)
    #expect(try MonitorChoice(.auto, .kvm, net: "none", on: Self.software).monitor == .own)
  }

  @Test func kvmIsTakenWhereverItIsThere() throws {
    #expect(try MonitorChoice(.kvm, .auto, net: "none", on: Self.software).monitor == .own)
  }

  @Test func whatOurMonitorCannotDoIsRefused() {
    #expect { try MonitorChoice(.kvm, .tcg, net: "none", on: Self.hardware) } throws: {
      ($0 as? LaunchError)?.status == .usage
    }
    #expect { try MonitorChoice(.kvm, .auto, net: "user", on: Self.hardware) } throws: {
      ($0 as? LaunchError)?.status == .usage
    }
    let without = Self.host(kvm: .absent, flags: [])
    #expect { try MonitorChoice(.kvm, .auto, net: "none", on: without) } throws: {
      ($0 as? LaunchError)?.status == .hostCannot
    }
  }
}
