import Glibc
import HostNetwork
import KVM

/// What a process does that is nothing but a guest's monitor: starts its threads, waits for its end.
package enum MonitorProcess {
  /// Status of a monitor that could not go on, whatever the guest did.
  private static let failure: Int32 = 1

  /// Runs `machine` to its end, and this process with it; from its first instruction on with no more
  /// rights than that takes.
  package static func run(
    _ machine: VirtualMachine, confinement: Confinement, debugger: DebuggerServer? = nil
  ) throws(SystemCallError) -> Never {
    try confinement.begin()
    if let debugger { _ = try HostThread("debugger") { debugger.run() } }
    let isPinned = machine.processorCount < HostThread.processorCount
    for index in 1..<max(1, machine.processorCount) {
      _ = try HostThread("processor \(index)") {
        run(machine, processor: index, isPinned: isPinned)
      }
    }
    run(machine, processor: 0, isPinned: isPinned)
  }

  /// The first processor to see the end of the guest ends the process; the kernel ends the others.
  private static func run(_ machine: VirtualMachine, processor index: Int, isPinned: Bool) -> Never
  {
    // From the last host processor down: the first ones have the host's own work. One is left for
    // the threads that move frames; where there is none, the scheduler decides.
    if isPinned {
      try? HostThread.stay(onProcessor: HostThread.processorCount - 1 - index)
    }
    do throws(KVMError) {
      let end = try machine.run(processor: index)
      machine.flush()
      _exit(end.status)
    } catch {
      machine.flush()
      complain("\(error)")
      _exit(failure)
    }
  }

  /// Says why there is no guest, or no longer.
  package static func complain(_ reason: String) {
    writeAll(Array("\(reason)\n".utf8), to: STDERR_FILENO)
  }

  /// Passes the guest's console on to standard output.
  package static let console: @Sendable ([UInt8]) -> Void = { bytes in
    writeAll(bytes, to: STDOUT_FILENO)
  }
}
