/// What runs the guest: our own monitor, or QEMU.
enum MonitorKind: Equatable {
  case own
  case qemu

  /// As it is called in messages.
  var name: String {
    switch self {
    case .own: "the monitor"
    case .qemu: "qemu-system-x86_64"
    }
  }
}

/// The monitor to use, what executes the guest's instructions, and why.
struct MonitorChoice: Equatable {
  let monitor: MonitorKind
  let accelerator: Accelerator
  /// Completes "using NAME with KVM: ".
  let reason: String

  /// `auto` takes our own monitor on a KVM that is hardware, as long as nothing asks for what only
  /// QEMU has.
  init(
    _ request: RunOptions.Monitor, _ accelerator: AcceleratorRequest, net: String,
    on host: HostFacts
  ) throws(LaunchError) {
    switch request {
    case .qemu:
      self.init(.qemu, because: try AcceleratorChoice(accelerator, on: host))
    case .kvm:
      guard accelerator != .tcg else {
        throw LaunchError(
          .usage, "--accel tcg", "only QEMU has TCG", remedy: "give --vmm qemu, or leave it out")
      }
      guard net != "user" else {
        throw LaunchError(
          .usage, "--net user", "only QEMU has user networking",
          remedy: "give another --net, or --vmm qemu")
      }
      _ = try AcceleratorChoice(.kvm, on: host)
      self.init(.own, .kvm, "--vmm kvm asks for it")
    case .auto:
      let choice = try AcceleratorChoice(accelerator, on: host)
      let isOwn = choice.accelerator == .kvm && net != "user"
      self.init(isOwn ? .own : .qemu, because: choice)
    }
  }

  private init(_ monitor: MonitorKind, because choice: AcceleratorChoice) {
    self.init(monitor, choice.accelerator, choice.reason)
  }

  private init(_ monitor: MonitorKind, _ accelerator: Accelerator, _ reason: String) {
    self.monitor = monitor
    self.accelerator = accelerator
    self.reason = reason
  }

  /// The line that says what is used.
  var text: String {
    switch monitor {
    case .own: "using our own monitor on KVM: \(reason)"
    case .qemu: "using QEMU with \(accelerator.rawValue.uppercased()): \(reason)"
    }
  }
}
