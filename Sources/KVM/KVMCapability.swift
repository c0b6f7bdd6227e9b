import CKVM

/// A capability of KVM: its number and the name it has in the kernel's documentation.
package struct KVMCapability: Sendable {
  package let number: Int32
  package let name: String

  private init(_ number: Int32, _ name: String) {
    self.number = number
    self.name = name
  }

  package static let userMemory = Self(KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY")
  package static let identityMap = Self(
    KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR")
  package static let taskState = Self(KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR")
  package static let extendedCPUID = Self(KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID")
  package static let splitInterruptController = Self(
    KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP")
  package static let interruptEvents = Self(KVM_CAP_IRQFD, "KVM_CAP_IRQFD")
  package static let doorbellEvents = Self(KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD")
  package static let interruptRouting = Self(KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING")
  package static let immediateExit = Self(KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT")
  package static let statistics = Self(KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD")
  /// Its value is KVM_X86_DISABLE_EXITS_*: exits that need not be.
  package static let fewerExits = Self(KVM_CAP_X86_DISABLE_EXITS, "KVM_CAP_X86_DISABLE_EXITS")
  /// Its value is the most virtual processors of one machine.
  package static let processorLimit = Self(KVM_CAP_MAX_VCPUS, "KVM_CAP_MAX_VCPUS")

  /// Without these nothing runs.
  static let needed = [
    userMemory, extendedCPUID, splitInterruptController, interruptEvents, doorbellEvents,
    interruptRouting, immediateExit,
  ]
}
