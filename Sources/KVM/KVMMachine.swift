import CKVM
import HostNetwork

/// A virtual machine: memory, interrupt routes, events. Shared by the threads of its processors;
/// KVM itself orders the calls.
package final class KVMMachine: Sendable {
  private let descriptor: Descriptor
  private let runByteCount: Int

  init(_ descriptor: Descriptor, runByteCount: Int) {
    self.descriptor = descriptor
    self.runByteCount = runByteCount
  }

  /// Four pages below 4 GiB for KVM itself: Intel processors before "unrestricted guest" need them
  /// to run real mode, which application processors start in.
  package func reservePages(at address: UInt64) throws(KVMError) {
    try kvm("KVM_SET_IDENTITY_MAP_ADDR", ix_kvm_set_identity_map(descriptor.rawValue, address))
    try kvm("KVM_SET_TSS_ADDR", ix_kvm_set_task_state(descriptor.rawValue, address + 4096))
  }

  /// Local APICs in the kernel, nothing else: all interrupts here are messages, so the 8259s, the
  /// I/O APIC and the 8254 of a PC are attack surface without use.
  package func createLocalInterruptControllers() throws(KVMError) {
    try kvm(
      "KVM_ENABLE_CAP KVM_CAP_SPLIT_IRQCHIP",
      ix_kvm_split_interrupt_controller(descriptor.rawValue, 24))
  }

  /// Lets processors spin without an exit now and then, where `system` can: a core that polls is not
  /// one that waits for a lock. To be called before a processor is made.
  package func letProcessorsSpin(on system: KVMSystem) throws(KVMError) {
    let pause = UInt64(KVM_X86_DISABLE_EXITS_PAUSE)
    guard UInt64(try system.value(of: .fewerExits)) & pause != 0 else { return }
    try kvm(
      "KVM_ENABLE_CAP KVM_CAP_X86_DISABLE_EXITS",
      ix_kvm_disable_exits(descriptor.rawValue, pause))
  }

  /// Gives the guest its RAM.
  package func setMemory(_ memory: GuestMemory) throws(KVMError) {
    for (slot, region) in memory.regions.enumerated() {
      try kvm(
        "KVM_SET_USER_MEMORY_REGION",
        ix_kvm_set_memory(
          descriptor.rawValue, UInt32(slot), region.guestAddress, region.byteCount,
          memory.hostAddress + region.fileOffset))
    }
  }

  package func createProcessor(_ index: Int) throws(KVMError) -> KVMProcessor {
    let processor = try kvm(
      "KVM_CREATE_VCPU", ix_kvm_create_vcpu(descriptor.rawValue, UInt(index)))
    return try KVMProcessor(Descriptor(owning: processor), runByteCount: runByteCount)
  }

  /// Replaces the interrupt routes: interrupt number by message.
  package func setRoutes(_ routes: [KVMRoute]) throws(KVMError) {
    let table = routes.map {
      ix_kvm_route(number: $0.number, data: $0.data, address: $0.address)
    }
    // SAFETY: the table is only read, and holds as many entries as are passed.
    unsafe try kvm(
      "KVM_SET_GSI_ROUTING",
      ix_kvm_set_routes(descriptor.rawValue, table, UInt32(table.count)))
  }

  /// Whether signalling `event` raises interrupt `number` of the routes.
  package func setInterrupt(
    _ number: UInt32, by event: Descriptor, isAssigned: Bool
  ) throws(KVMError) {
    try kvm(
      "KVM_IRQFD",
      ix_kvm_interrupt_by(descriptor.rawValue, event.rawValue, number, isAssigned ? 1 : 0))
  }

  /// Whether the guest's writes of 16 bits to `address` signal `event`, without an exit to here.
  package func setDoorbell(
    at address: UInt64, value: UInt16, signals event: Descriptor, isAssigned: Bool
  ) throws(KVMError) {
    try kvm(
      "KVM_IOEVENTFD",
      ix_kvm_signal_at(
        descriptor.rawValue, event.rawValue, address, 2, UInt64(value), isAssigned ? 1 : 0))
  }
}

/// A message-signalled interrupt and the number events know it by.
package struct KVMRoute: Sendable, Equatable {
  package let number: UInt32
  package let address: UInt64
  package let data: UInt32

  package init(number: UInt32, address: UInt64, data: UInt32) {
    self.number = number
    self.address = address
    self.data = data
  }
}
