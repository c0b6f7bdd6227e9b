import HostNetwork
import KVM

/// Why a machine cannot be started or went wrong, without its guest being at fault.
package enum MonitorError: Error, CustomStringConvertible {
  case kvm(KVMError)
  case host(SystemCallError)
  /// The image does not fit memory.
  case imageTooLarge

  package var description: String {
    switch self {
    case .kvm(let error): return error.description
    case .host(let error): return error.description
    case .imageTooLarge: return "the image does not fit the guest's memory"
    }
  }
}

/// How a guest ended, as an exit status: what QEMU's `isa-debug-exit` would make of it.
package enum GuestExit: Equatable, Sendable {
  /// The guest wrote this to the exit port.
  case written(UInt32)
  /// A reset, asked for or by a triple fault that was reported.
  case reset
  /// Something only a kernel at fault does; it was reported.
  case fault

  package var status: Int32 {
    switch self {
    case .written(let value): return Int32(truncatingIfNeeded: value << 1 | 1) & 0xFF
    case .reset: return 0
    case .fault: return 37
    }
  }
}
