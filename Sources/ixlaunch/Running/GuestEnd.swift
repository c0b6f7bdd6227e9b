import Glibc

/// How the monitor ended, and what that says about the guest.
struct GuestEnd: Equatable {
  var monitor = MonitorKind.qemu
  /// The monitor's exit status, or nil if a signal ended it.
  var exitStatus: Int32?
  /// That signal, or 0.
  var signal: Int32 = 0
  /// The user asked for the end.
  var wasStopped: Bool
  /// The last lines it wrote to its standard error.
  var errors: [String] = []

  /// The guest writes v to the debug-exit port, the monitor ends with 2v + 1: 0x10 clean, 0x11 application
  /// failure, 0x12 kernel failure, 0x13 bad image or configuration.
  var status: LauncherStatus {
    switch exitStatus {
    case 33: return .clean
    case 35: return .applicationFailure
    case 37: return .kernelFailure
    case 39: return .hostCannot
    case 0 where !wasStopped: return .kernelFailure
    default: return wasStopped ? .clean : .hostCannot
    }
  }

  /// What a person should be told beyond the guest's own console; nil if that says it all.
  var problem: LaunchError? {
    if wasStopped { return nil }
    switch exitStatus {
    case 33, 35, 37, 39:
      return nil
    case 0:
      return LaunchError(
        status, "guest", "the machine reset without a report",
        remedy: "run the debug image, or another --memory")
    case let code?:
      let words = errors.isEmpty ? "status \(code)" : errors.joined(separator: " / ")
      return LaunchError(
        status, monitor.name, words, remedy: "see its command line with --verbose")
    case nil where signal == SIGSYS:
      return LaunchError(
        status, monitor.name, "it was ended at a system call that it must not make",
        remedy: "do not trust this image")
    case nil:
      return LaunchError(
        status, monitor.name, "it was killed", remedy: "check the host's memory")
    }
  }

  /// QEMU could not install its system call filter.
  var isSandboxRefused: Bool {
    exitStatus == 1 && errors.contains { $0.contains("seccomp") || $0.contains("sandbox") }
  }
}
