import Foundation
import Image

extension Machine {
  /// Queue pairs that a tap has for this machine; other networks know how many they have. `interfaces` is /sys/class/net.
  func usableQueueCount(interfaces: String = "/sys/class/net") -> Int {
    switch network {
    case .none, .user, .vhostUser: return 1
    case .tap(let tap, _, _): return cores > 1 && tap.hasQueues(in: interfaces) ? cores : 1
    }
  }

  /// Throws if this host cannot run the machine, before anything is started.
  func checkHost(_ host: HostFacts) throws(LaunchError) {
    if let available = host.availableMemory, memory.bytes > available {
      throw LaunchError(
        .hostCannot, "--memory \(memory)",
        "this host has \(available >> 20)M left", remedy: "give less, or free some")
    }
    switch network {
    case .none:
      break
    case .user(_, _, let forwards):
      for rule in forwards where !isFree(hostPort: rule.hostPort) {
        throw LaunchError(
          .hostCannot, "127.0.0.1:\(rule.hostPort)", "this port is in use or not allowed",
          remedy: "choose another with --forward HOSTPORT:\(rule.guestPort)")
      }
    case .vhostUser(let port, _, _):
      try port.check()
    case .tap(let tap, _, _):
      try tap.check(cores: cores)
      guard host.tun == .usable else {
        throw LaunchError(
          .hostCannot, "/dev/net/tun", "this user cannot open it",
          remedy: "load the tun module, or get the right to use it")
      }
    }
  }
}
