import Glibc
import HostNetwork
import KVM
import VMM
import Wire

/// The process that a guest runs in, and nothing else: small, and confined before the guest begins.
/// `ixlaunch run` starts it and shows its console; nobody types its arguments.
@main
struct IXMonitor {
  /// As `ixlaunch` expects of a monitor that could not begin.
  private static let failure: Int32 = 1

  static func main() {
    guard let order = MonitorOrder(CommandLine.arguments.dropFirst()) else {
      end("this program is started by `ixlaunch run`")
    }
    do {
      let machine = try machine(order)
      try MonitorProcess.run(
        machine, confinement: confinement(order), debugger: debugger(order, of: machine))
    } catch {
      end("\(error)")
    }
  }

  private static func machine(_ order: MonitorOrder) throws -> VirtualMachine {
    let system = try KVMSystem()
    let memory = try GuestMemory(byteCount: order.memory)
    let boot = try BootImage(order, into: memory)
    var parts = VirtualMachine.Parts(
      memory: memory, processorCount: order.cores, backEnd: try backEnd(order),
      address: MACAddress(order.hardwareAddress), console: MonitorProcess.console)
    parts.isDebugged = order.debuggerPort != nil
    return try VirtualMachine(parts, boot: boot, on: system)
  }

  private static func debugger(
    _ order: MonitorOrder, of machine: VirtualMachine
  ) throws(SystemCallError) -> DebuggerServer? {
    guard let port = order.debuggerPort, let debugger = machine.debugger else { return nil }
    return try DebuggerServer(debugger, port: port)
  }

  private static func backEnd(
    _ order: MonitorOrder
  ) throws(SystemCallError) -> any NetworkBackEnd {
    switch order.network {
    case .none: return UnconnectedBackEnd()
    case .tap(let name):
      return try TapBackEnd(tap: name, pairCount: order.queuePairs, spinMicroseconds: 50)
    case .vhostUser(let path):
      return try VhostUserBackEnd(path: path, pairLimit: order.queuePairs)
    }
  }

  private static func confinement(_ order: MonitorOrder) -> Confinement {
    let isDebugged = order.debuggerPort != nil
    if case .vhostUser = order.network {
      return Confinement(reconnects: true, isDebugged: isDebugged)
    }
    return Confinement(reconnects: false, isDebugged: isDebugged)
  }

  /// `ixlaunch run` reads this and says it to the user.
  private static func end(_ reason: String) -> Never {
    MonitorProcess.complain(reason)
    exit(failure)
  }
}
