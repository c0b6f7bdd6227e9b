#if hasFeature(Embedded)
  import CX86

  /// The stacks for exceptions that may strike while the kernel stack is unusable.
  enum InterruptStack {
    static var count: Int { Int(IX_INTERRUPT_STACK_COUNT) }
    static var byteCount: UInt64 { UInt64(IX_INTERRUPT_STACK_BYTE_COUNT) }

    /// First address above stack `index`; below each is a guard page.
    static func end(_ index: Int) -> UInt64 {
      let stride = byteCount &+ UInt64(IX_GUARD_BYTE_COUNT)
      return ix_address_of_interrupt_stacks() &+ UInt64(index &+ 1) &* stride
    }

    /// The IST number for `vector`; 0 where the kernel stack does.
    static func number(for vector: Int) -> UInt64 {
      switch vector {
      case 1: 1  // #DB
      case 2: 2  // NMI
      case 8: 3  // #DF
      case 18: 4  // #MC
      default: 0
      }
    }
  }

  /// Gives the boot core its descriptor tables, stacks and system-call gate. From here on a fault is
  /// reported.
  func startCore() {
    let address = ix_address_of_boot_core()
    // SAFETY: memory.asm reserves zeroed, aligned memory for the block; nobody else knows it yet.
    let block = unsafe UnsafeMutablePointer<ix_core_block>(bitPattern: UInt(address))
      .unsafelyUnwrapped
    unsafe block.pointee.kernel_stack = ix_address_of_kernel_stack_end()
    unsafe block.pointee.segments = segments(
      taskState: address &+ ix_core_task_state_offset())
    unsafe block.pointee.task_state = taskState()
    fillInterruptDescriptors()
    ix_load_descriptor_tables(
      address &+ ix_core_segments_offset(), 8 * 8 - 1,
      ix_address_of_interrupt_descriptors(), 256 * 16 - 1)
    openSystemCallGate(core: address)
  }

  /// Null; ring 0 code, data; ring 3 data, code; task state (Intel SDM volume 3A, section 3.4.5).
  private func segments(taskState: UInt64)
    -> (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
  {
    let limit = UInt64(IX_TASK_STATE_BYTE_COUNT - 1)
    let low =
      limit | (taskState & 0xFF_FFFF) &<< 16 | 0x89 &<< 40 | ((taskState &>> 24) & 0xFF) &<< 56
    return (
      0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_F300_0000_FFFF,
      0x00AF_FB00_0000_FFFF, low, taskState &>> 32, 0
    )
  }

  private func taskState() -> ix_task_state {
    var state = ix_task_state()
    state.stacks.0 = ix_address_of_kernel_stack_end()
    state.interrupt_stacks.0 = InterruptStack.end(0)
    state.interrupt_stacks.1 = InterruptStack.end(1)
    state.interrupt_stacks.2 = InterruptStack.end(2)
    state.interrupt_stacks.3 = InterruptStack.end(3)
    state.permission_map_offset = UInt16(IX_TASK_STATE_BYTE_COUNT)
    return state
  }

  /// 256 interrupt gates (Intel SDM volume 3A, figure 6-8): interrupts stay off in every handler.
  private func fillInterruptDescriptors() {
    let address = UInt(ix_address_of_interrupt_descriptors())
    // SAFETY: memory.asm reserves room for 256 descriptors of 16 bytes.
    let gates = unsafe UnsafeMutablePointer<UInt64>(bitPattern: address).unsafelyUnwrapped
    for vector in 0..<256 {
      let handler = ix_address_of_trap_stubs() &+ UInt64(vector) &* 16
      // Only INT3 may be executed by ring 3 itself.
      let kind: UInt64 = vector == 3 ? 0xEE : 0x8E
      unsafe gates[2 &* vector] =
        handler & 0xFFFF | 0x08 &<< 16 | InterruptStack.number(for: vector) &<< 32 | kind &<< 40
        | ((handler &>> 16) & 0xFFFF) &<< 48
      unsafe gates[2 &* vector &+ 1] = handler &>> 32
    }
    maskLegacyInterrupts()
  }

  /// Both 8259s: their vectors would look like exceptions.
  private func maskLegacyInterrupts() {
    x86_port_write8(0x21, 0xFF)
    x86_port_write8(0xA1, 0xFF)
  }

  /// IA32_STAR, LSTAR, FMASK and the two GS bases (Intel SDM volume 3A, section 5.8.8).
  private func openSystemCallGate(core: UInt64) {
    x86_wrmsr(0xC000_0101, core)  // IA32_GS_BASE: ring 0
    x86_wrmsr(0xC000_0102, 0)  // IA32_KERNEL_GS_BASE: ring 3's, until SWAPGS
    x86_wrmsr(0xC000_0081, 0x08 &<< 32 | 0x10 &<< 48)
    x86_wrmsr(0xC000_0082, ix_address_of_syscall_entry())
    x86_wrmsr(0xC000_0084, 0x4_4700)  // clears AC, NT, DF, IF and TF
  }
#endif
