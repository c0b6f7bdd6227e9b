/// What executes the guest's instructions under QEMU.
enum Accelerator: String, Equatable {
  case kvm
  case tcg
}

/// What the user asks for.
enum AcceleratorRequest: String, CaseIterable {
  case auto
  case kvm
  case tcg
}

/// The accelerator to use and why, in words that complete "using QEMU with KVM: ".
struct AcceleratorChoice: Equatable {
  let accelerator: Accelerator
  let reason: String

  /// `auto` takes KVM only where the processor really virtualizes: some hosts offer a /dev/kvm that
  /// emulates ring 0 in software, far slower than TCG and not faithful.
  init(_ request: AcceleratorRequest, on host: HostFacts) throws(LaunchError) {
    switch request {
    case .tcg:
      self.init(accelerator: .tcg, reason: "--accel tcg asks for it")
    case .kvm:
      guard host.kvm == .usable else {
        throw LaunchError(
          .hostCannot, "/dev/kvm", Self.why(host.kvm),
          remedy: host.kvm == .absent
            ? "use --accel tcg" : "join the group that owns it, or use --accel tcg")
      }
      self.init(accelerator: .kvm, reason: "--accel kvm asks for it")
    case .auto:
      self.init(automaticallyOn: host)
    }
  }

  private init(accelerator: Accelerator, reason: String) {
    self.accelerator = accelerator
    self.reason = reason
  }

  private init(automaticallyOn host: HostFacts) {
    switch (host.kvm, host.virtualization) {
    case (.usable, let extensionName?):
      self.init(
        accelerator: .kvm, reason: "/dev/kvm is usable and the processor has \(extensionName)")
    case (.usable, nil):
      self.init(
        accelerator: .tcg,
        reason: "/dev/kvm is there, but the processor flags have neither vmx nor svm")
    case (.absent, _), (.forbidden, _):
      self.init(accelerator: .tcg, reason: "/dev/kvm: \(Self.why(host.kvm))")
    }
  }

  private static func why(_ device: HostFacts.Device) -> String {
    switch device {
    case .absent: return "there is no such device"
    case .forbidden: return "this user may not open it"
    case .usable: return "it is usable"
    }
  }
}
