import Image

extension Machine {
  /// The arguments of `ixlaunch` as the monitor of this machine.
  var ownMonitorArguments: [String] {
    var words = [
      "monitor", "--image", imagePath, "--memory", "\(memory.bytes)", "--cores", "\(cores)",
      "--address", "\(hardwareAddress)",
    ]
    if !commandLine.isEmpty { words.append("--append=\(commandLine)") }
    switch network {
    case .tap(let tap, _, _): words += ["--tap", tap.name]
    case .vhostUser(let port, _, _): words += ["--vhost-user", port.path]
    case .none, .user: break
    }
    return words
  }

  /// A locally administered address (IEEE 802, section 8.2.2) that follows from the machine's name
  /// and network: FNV-1a of both.
  private var hardwareAddress: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(name) \(network)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000
  }

  /// What runs this machine, for a person.
  var monitorText: String {
    switch monitor {
    case .own: "our own monitor on KVM"
    case .qemu: "QEMU with \(accelerator.rawValue.uppercased())"
    }
  }

  /// The program that runs this machine, and its arguments.
  func command(emulator: String) -> (path: String, arguments: [String]) {
    switch monitor {
    case .own: ("/proc/self/exe", ownMonitorArguments)
    case .qemu: (emulator, qemuArguments)
    }
  }
}
