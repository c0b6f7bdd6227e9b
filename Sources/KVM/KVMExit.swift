/// An access of the guest that no RAM answers.
package struct KVMAccess: Sendable, Equatable {
  package enum Space: Sendable {
    case port
    case memory
  }

  package let space: Space
  package let address: UInt64
  /// 1, 2, 4 or 8.
  package let byteCount: Int
  package let isWrite: Bool
  /// What is written; 0 for a read.
  package let value: UInt64

  package init(space: Space, address: UInt64, byteCount: Int, isWrite: Bool, value: UInt64 = 0) {
    self.space = space
    self.address = address
    self.byteCount = byteCount
    self.isWrite = isWrite
    self.value = value
  }
}

/// Why a virtual processor stopped running.
package enum KVMExit: Sendable, Equatable {
  /// A signal to its thread, or `setInterrupted`.
  case interrupted
  /// HLT outside the kernel's interrupt controller.
  case halted
  case tripleFault
  /// A breakpoint or a step; DR6, or 0 for a breakpoint instruction.
  case debug(UInt64)
  /// KVM_SYSTEM_EVENT_*.
  case systemEvent(UInt64)
  /// The processor refused the guest's state; its own reason.
  case entryFailed(UInt64)
  /// KVM could not go on, for instance emulate an instruction; its own reason.
  case internalError(UInt64)
  /// KVM_EXIT_* that nothing here causes.
  case unknown(UInt32)
}
