import ArgumentParser
import Image

/// The options of `run` that decide about the machine.
struct RunOptions: ParsableArguments {
  @Option(help: "The dataplane's name. (default: the image's, with a number if that is taken)")
  var name: String?

  @Flag(help: "Leave it running: see list, logs and stop.")
  var detach = false

  /// This is the process that `--detach` has left.
  @Flag(help: .hidden)
  var isLeftAlone = false

  @Option(help: "auto, kvm (our own) or qemu: the virtual machine monitor.")
  var vmm = Monitor.auto

  @Option(help: "auto, kvm or tcg: what executes the guest's instructions.")
  var accel = AcceleratorRequest.auto

  @Option(help: "Processor cores of the dataplane, 1 to 64.")
  var cores: Int?

  @Option(help: "Memory of the guest, as 256M or 1G.")
  var memory: String?

  @Option(
    help:
      "user, tap:IF, vhost-user:PATH, dpdk:DEVARGS or none: what the guest's NIC is connected to.")
  var net = "user"

  @Option(help: "The guest's address, as 10.0.0.2/24.")
  var ip: String?

  @Option(help: "The guest's next hop, as 10.0.0.1.")
  var gateway: String?

  @Option(help: "HOSTPORT:GUESTPORT: a port of 127.0.0.1 that leads to the guest (repeatable).")
  var forward: [String] = []

  @Option(help: "Most packets of one batch, 1 to 1024.")
  var batch: Int?

  @Option(help: "Microseconds without a packet after which a core sleeps (default 1000).")
  var spin: Int?

  @Option(help: "A port of 127.0.0.1 on which gdb can attach to the guest.")
  var gdb: UInt16?

  @Option(help: "Congestion control: reno, cubic (default) or dctcp, which needs ECN marks.")
  var congestion: Congestion?

  @Option(
    parsing: .unconditional,
    help: "The application's arguments, one string.")
  var args: String?

  enum Congestion: String, CaseIterable, ExpressibleByArgument {
    case reno
    case cubic
    case dctcp
  }

  enum Monitor: String, CaseIterable, ExpressibleByArgument {
    case auto
    case kvm
    case qemu
  }
}

extension AcceleratorRequest: ExpressibleByArgument {}
