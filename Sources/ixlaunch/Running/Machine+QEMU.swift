import Image

extension Machine {
  /// With one processor, QEMU 7.2's TCG leaves out memory barriers although its device threads run
  /// in parallel: a second processor, which the kernel leaves parked, brings them back.
  private static let leastProcessorsUnderTCG = 2

  /// The arguments of qemu-system-x86_64 for this machine. Its memory is a file that others can
  /// map, for the control page.
  var qemuArguments: [String] {
    let processors =
      accelerator == .tcg ? max(cores, Self.leastProcessorsUnderTCG) : cores
    return [
      "-name", name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
      "-object", "memory-backend-memfd,id=ram,size=\(memory.bytes),share=on",
      "-machine", "q35,memory-backend=ram", "-accel", accelerator.rawValue,
      "-cpu", accelerator == .kvm ? "host" : "max", "-smp", "\(processors)",
      "-m", "\(memory.bytes >> 20)", "-kernel", imagePath, "-append", commandLine,
      "-serial", "stdio", "-monitor", "none",
      "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
    ] + debuggerArguments + firmwareArguments + networkArguments + sandboxArguments
  }

  private var debuggerArguments: [String] {
    debuggerPort.map { ["-gdb", "tcp:127.0.0.1:\($0)"] } ?? []
  }

  /// Beside a card that is connected to nothing, qboot of QEMU 7.2 never starts the kernel.
  private var firmwareArguments: [String] {
    guard let firmware, network != .none else { return [] }
    return ["-bios", firmware]
  }

  private var networkArguments: [String] {
    var model = "virtio-net-pci,netdev=n0,romfile=,disable-legacy=on"
    if queueCount > 1 {
      // A message for each queue, one for the configuration and one for the control queue.
      model += ",mq=on,rss=on,hash=on,vectors=\(2 * queueCount + 2)"
    } else if cores > 1, case .tap = network {
      // The guest, which gives packets to their cores, need not hash them.
      model += ",hash=on"
    }
    let device = ["-device", model]
    switch network {
    case .none:
      // A hub of one port: the kernel finds a card, and nothing is at its other end.
      return ["-netdev", "hubport,id=n0,hubid=0"] + device
    case .user(let interface, let gateway, let forwards):
      let network = "net=\(interface.network)/\(interface.prefix),host=\(gateway)"
      let rules = forwards.map {
        ",hostfwd=tcp:127.0.0.1:\($0.hostPort)-\(interface.address):\($0.guestPort)"
      }
      return ["-netdev", "user,id=n0,\(network)\(rules.joined())"] + device
    case .tap(let tap, _, _):
      return [
        "-netdev",
        "tap,id=n0,ifname=\(tap.name),script=no,downscript=no,vhost=off"
          + (queueCount > 1 ? ",queues=\(queueCount)" : ""),
      ] + device
    case .vhostUser(let port, _, _):
      let path = port.path.replacingOccurrences(of: ",", with: ",,")
      return [
        "-chardev", "socket,id=c0,path=\(path)",
        "-netdev", "vhost-user,id=n0,chardev=c0,queues=\(cores)",
        "-device", "virtio-net-pci,netdev=n0,romfile=,disable-legacy=on" + vhostUserVectors,
      ]
    }
  }

  /// Without KVM, QEMU 7.2 follows a null pointer when the guest enables the message interrupts of a
  /// vhost-user card: there it gets none, and the guest polls.
  private var vhostUserVectors: String {
    let several = cores > 1 ? ",mq=on" : ""
    return several + (accelerator == .tcg ? ",vectors=0" : ",vectors=\(2 * cores + 2)")
  }

  private var sandboxArguments: [String] {
    guard isSandboxed else { return [] }
    return [
      "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ]
  }
}
