#if hasFeature(Embedded)
  import CX86

  /// One core's private block: its descriptor tables, its stacks, its way to the Swift state.
  @safe
  struct CoreBlock: BitwiseCopyable {
    let address: UInt64

    /// The block of the core that boots, part of the image.
    static var boot: CoreBlock { CoreBlock(address: ix_address_of_boot_core()) }
    /// The block of the core this runs on, once it is loaded.
    static var current: CoreBlock { CoreBlock(address: ix_core_block_address()) }

    private var block: UnsafeMutablePointer<ix_core_block> {
      // SAFETY: a block is zeroed, aligned memory that nothing else uses, for good.
      unsafe UnsafeMutablePointer(bitPattern: UInt(address)).unsafelyUnwrapped
    }

    /// Fills the block in; the core it is for does not run yet, or not with it.
    func prepare(index: Int, stacks: CoreStacks) {
      unsafe block.pointee.`self` = address
      unsafe block.pointee.index = UInt32(truncatingIfNeeded: index)
      unsafe block.pointee.kernel_stack = stacks.kernelEnd
      unsafe block.pointee.stack_start = stacks.kernelStart
      unsafe block.pointee.segments = segments(
        taskState: address &+ ix_core_task_state_offset())
      unsafe block.pointee.task_state = taskState(stacks)
    }

    /// Gives the core this runs on its descriptor tables, stacks and system-call gate. From here on a
    /// fault is reported.
    func load() {
      ix_load_descriptor_tables(
        address &+ ix_core_segments_offset(), 8 * 8 - 1,
        ix_address_of_interrupt_descriptors(), 256 * 16 - 1)
      openSystemCallGate(core: address)
    }

    /// Kernel address of the Swift state; zero before there is one.
    func setContext(_ context: UInt64) { unsafe block.pointee.context = context }

    /// Tells the core that waits for this one that it runs.
    func setStarted() { unsafe x86_store_release32(&block.pointee.is_started, 1) }
    var isStarted: Bool { unsafe x86_load_acquire32(&block.pointee.is_started) != 0 }

    /// True the first time only: a fault while one is being reported must not start over.
    func beginReport() -> Bool {
      guard unsafe block.pointee.is_reporting == 0 else { return false }
      unsafe block.pointee.is_reporting = 1
      return true
    }
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

  private func taskState(_ stacks: CoreStacks) -> ix_task_state {
    var state = ix_task_state()
    state.stacks.0 = stacks.kernelEnd
    state.interrupt_stacks.0 = stacks.interruptEnd(0)
    state.interrupt_stacks.1 = stacks.interruptEnd(1)
    state.interrupt_stacks.2 = stacks.interruptEnd(2)
    state.interrupt_stacks.3 = stacks.interruptEnd(3)
    state.permission_map_offset = UInt16(IX_TASK_STATE_BYTE_COUNT)
    return state
  }

  /// 256 interrupt gates (Intel SDM volume 3A, figure 6-8), the same for every core: interrupts stay
  /// off in every handler.
  func fillInterruptDescriptors() {
    let address = UInt(ix_address_of_interrupt_descriptors())
    // SAFETY: memory.asm reserves room for 256 descriptors of 16 bytes.
    let gates = unsafe UnsafeMutablePointer<UInt64>(bitPattern: address).unsafelyUnwrapped
    for vector in 0..<256 {
      let handler = ix_address_of_trap_stubs() &+ UInt64(vector) &* 16
      // Only INT3 may be executed by ring 3 itself.
      let kind: UInt64 = vector == 3 ? 0xEE : 0x8E
      unsafe gates[2 &* vector] =
        handler & 0xFFFF | 0x08 &<< 16 | CoreStacks.number(for: vector) &<< 32 | kind &<< 40
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
