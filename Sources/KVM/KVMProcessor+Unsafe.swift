import CKVM
import Glibc
import HostNetwork

/// A virtual processor. One thread runs it; only `interrupt` may be called from others.
@safe
package final class KVMProcessor: @unchecked Sendable {
  // Unchecked: the shared page is the running thread's, but for the one byte of `interrupt`.
  private let descriptor: Descriptor
  private let run: UnsafeMutablePointer<kvm_run>
  private let runByteCount: Int

  init(_ descriptor: Descriptor, runByteCount: Int) throws(KVMError) {
    self.descriptor = descriptor
    self.runByteCount = runByteCount
    // SAFETY: a new mapping at a place of the kernel's choice.
    guard
      let base = unsafe mmap(
        nil, runByteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0),
      unsafe base != MAP_FAILED, runByteCount >= MemoryLayout<kvm_run>.size
    else { throw .call(SystemCallError("mmap", on: "of kvm_run", code: errno)) }
    unsafe run = base.assumingMemoryBound(to: kvm_run.self)
  }

  deinit { unsafe munmap(run, runByteCount) }

  package func setLeaves(_ leaves: [KVMLeaf]) throws(KVMError) {
    let entries = leaves.map(\.entry)
    // SAFETY: the array is only read, and holds as many entries as are passed.
    unsafe try kvm(
      "KVM_SET_CPUID2",
      ix_kvm_set_cpuid(descriptor.rawValue, entries, Int32(entries.count)))
  }

  /// Frequency of the guest's time-stamp counter; nil when KVM does not know.
  package var ticksPerMillisecond: UInt32? {
    let frequency = ix_kvm_tsc_kilohertz(descriptor.rawValue)
    return frequency > 0 ? UInt32(frequency) : nil
  }

  package var registers: kvm_regs {
    get throws(KVMError) {
      var registers = kvm_regs()
      // SAFETY: a local of the type the call fills in.
      unsafe try kvm("KVM_GET_REGS", ix_kvm_get_registers(descriptor.rawValue, &registers))
      return registers
    }
  }

  package func setRegisters(_ registers: kvm_regs) throws(KVMError) {
    var registers = registers
    // SAFETY: a local of the type the call reads.
    unsafe try kvm("KVM_SET_REGS", ix_kvm_set_registers(descriptor.rawValue, &registers))
  }

  package var systemRegisters: kvm_sregs {
    get throws(KVMError) {
      var registers = kvm_sregs()
      // SAFETY: a local of the type the call fills in.
      unsafe try kvm(
        "KVM_GET_SREGS", ix_kvm_get_system_registers(descriptor.rawValue, &registers))
      return registers
    }
  }

  package func setSystemRegisters(_ registers: kvm_sregs) throws(KVMError) {
    var registers = registers
    // SAFETY: a local of the type the call reads.
    unsafe try kvm(
      "KVM_SET_SREGS", ix_kvm_set_system_registers(descriptor.rawValue, &registers))
  }

  /// The physical address behind a linear one; nil where nothing is mapped.
  package func physicalAddress(of linear: UInt64) -> UInt64? {
    var physical: UInt64 = 0
    // SAFETY: a local that the call fills in.
    return unsafe ix_kvm_translate(descriptor.rawValue, linear, &physical) == 0 ? physical : nil
  }

  /// What of a debugger's wishes comes to `runUntilExit` from now on.
  package func setDebugging(_ debugging: ix_kvm_debugging) throws(KVMError) {
    var debugging = debugging
    // SAFETY: a local of the type the call reads.
    unsafe try kvm(
      "KVM_SET_GUEST_DEBUG", ix_kvm_set_debugging(descriptor.rawValue, &debugging))
  }

  /// Runs the guest until something has to be done about it. `access` answers what it reads and
  /// takes what it writes; it is called any number of times before this returns.
  package func runUntilExit(_ access: (KVMAccess) -> UInt64) throws(KVMError) -> KVMExit {
    while true {
      let result = ix_kvm_run(descriptor.rawValue)
      if result == -EINTR || result == -EAGAIN { return .interrupted }
      try kvm("KVM_RUN", result)
      switch Int32(unsafe ix_kvm_exit_reason(run)) {
      case KVM_EXIT_IO: unsafe serve(ix_kvm_port_access(run), .port, access)
      case KVM_EXIT_MMIO: unsafe serve(ix_kvm_memory_access(run), .memory, access)
      case KVM_EXIT_INTR: return .interrupted
      case KVM_EXIT_HLT: return .halted
      case KVM_EXIT_SHUTDOWN: return .tripleFault
      case KVM_EXIT_DEBUG: return .debug(unsafe ix_kvm_debug_status(run))
      case KVM_EXIT_SYSTEM_EVENT: return .systemEvent(unsafe ix_kvm_exit_detail(run))
      case KVM_EXIT_FAIL_ENTRY: return .entryFailed(unsafe ix_kvm_exit_detail(run))
      case KVM_EXIT_INTERNAL_ERROR: return .internalError(unsafe ix_kvm_exit_detail(run))
      case KVM_EXIT_IOAPIC_EOI: continue  // nothing here is level triggered
      case let other: return .unknown(UInt32(other))
      }
    }
  }

  /// A string instruction makes several accesses of the same port at once.
  private func serve(
    _ place: ix_kvm_access, _ space: KVMAccess.Space, _ access: (KVMAccess) -> UInt64
  ) {
    let byteCount = unsafe Int(place.bytes)
    guard [1, 2, 4, 8].contains(byteCount) else { return }
    for index in 0..<Int(unsafe place.count) {
      // SAFETY: KVM says that `count` values of `bytes` each lie at `data`, inside its own page.
      unsafe transfer(
        place.data + index * byteCount, byteCount: byteCount, isWrite: place.is_write != 0
      ) { isWrite, value in
        access(
          KVMAccess(
            space: space, address: unsafe place.address, byteCount: byteCount, isWrite: isWrite,
            value: value))
      }
    }
  }

  @unsafe
  private func transfer(
    _ data: UnsafeMutablePointer<UInt8>, byteCount: Int, isWrite: Bool,
    _ access: (Bool, UInt64) -> UInt64
  ) {
    var value: UInt64 = 0
    guard isWrite else {
      value = access(false, 0)
      // SAFETY: the caller passes `byteCount` bytes, at most eight.
      unsafe withUnsafeBytes(of: &value) {
        unsafe UnsafeMutableRawPointer(data).copyMemory(
          from: $0.baseAddress.unsafelyUnwrapped, byteCount: byteCount)
      }
      return
    }
    // SAFETY: the caller passes `byteCount` bytes, at most eight.
    unsafe withUnsafeMutableBytes(of: &value) {
      unsafe $0.copyMemory(
        from: UnsafeRawBufferPointer(start: data, count: byteCount))
    }
    _ = access(true, value)
  }

  /// Makes the next `runUntilExit` return at once, or lets it run again. A signal to its thread
  /// ends one that is under way.
  package func setInterrupted(_ isInterrupted: Bool) {
    unsafe ix_kvm_set_immediate_exit(run, isInterrupted ? 1 : 0)
  }
}
