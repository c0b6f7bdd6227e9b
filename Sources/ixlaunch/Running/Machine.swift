import Image

/// One virtual machine, fully decided: what `run` found after options, manifest and host.
struct Machine: Equatable {
  var name: String
  var imagePath: String
  var monitor = MonitorKind.qemu
  var accelerator: Accelerator
  var cores: Int
  var memory: ByteCount
  var network: Network
  /// The bound B of the kernel's batches; nil leaves the kernel's own.
  var batch: Int?
  /// Microseconds without a frame after which a core sleeps; nil leaves the kernel's own.
  var spin: Int?
  /// The name of a congestion control algorithm; nil leaves the kernel's own.
  var congestion: String?
  var arguments: String
  /// Queue pairs of the guest's NIC: one for each core where the network has several, else one.
  var queueCount = 1
  /// A quicker firmware than QEMU's usual one, if there is one.
  var firmware: String?
  /// QEMU forbids itself system calls that it does not need.
  var isSandboxed = true
  /// The port of 127.0.0.1 on which a debugger can attach.
  var debuggerPort: UInt16?

  /// How the guest's NIC is connected, and what the guest is told about it.
  enum Network: Equatable {
    case none
    case user(Interface, gateway: IPv4, forwards: [PortForward])
    case tap(TapDevice, Interface, gateway: IPv4?)
    case vhostUser(VhostUserPort, Interface, gateway: IPv4?)
  }

  /// TCG's device threads need a processor, too: with one for all, a guest that polls keeps them
  /// from handing it its frames. Otherwise the kernel knows best.
  private var usualSpin: Int? { accelerator == .tcg ? 50 : nil }

  /// The kernel command line.
  var commandLine: String {
    var words: [String] = []
    switch network {
    case .none: break
    case .user(let interface, let gateway, _):
      words += ["ip=\(interface)", "gateway=\(gateway)"]
    case .tap(_, let interface, let gateway), .vhostUser(_, let interface, let gateway):
      words.append("ip=\(interface)")
      if let gateway { words.append("gateway=\(gateway)") }
    }
    if let batch { words.append("batch=\(batch)") }
    if let spin = spin ?? usualSpin { words.append("spin=\(spin)") }
    if let congestion { words.append("congestion=\(congestion)") }
    if cores > 1 { words.append("cores=\(cores)") }
    if !arguments.isEmpty { words.append("args=\(arguments)") }
    return words.joined(separator: " ")
  }
}
