#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  /// Starts the cores that did not boot the machine (Intel SDM volume 3A, section 9.4.4).
  struct OtherCores {
    private let interrupts: LocalAPIC
    private let clock: TickClock
    /// Where they begin, in real mode.
    private static var trampoline: UInt64 { 0x8000 }

    init(interrupts: LocalAPIC, clock: TickClock, kernel: KernelMemory) {
      self.interrupts = interrupts
      self.clock = clock
      let start = ix_address_of_trampoline_start()
      let byteCount = Int(ix_address_of_trampoline_end() &- start)
      var isRAM = false
      for index in 0..<kernel.ram.count {
        let extent = kernel.ram[index]
        isRAM = isRAM || extent.start <= Self.trampoline && extent.end >= Self.trampoline &+ 4096
      }
      guard isRAM else { refuse("there is no memory below 1 MiB to start other cores from") }
      let page = MemoryRegion(
        base: PhysicalAddress(Self.trampoline).kernelAddress, byteCount: Layout.pageByteCount)
      page.copy(kernelBytes(at: KernelAddress(start), byteCount: byteCount))
    }

    /// Puts all of them into a defined state; they can be started when this returns.
    func initialize(_ processors: ProcessorList, count: Int) {
      for index in 1..<count { interrupts.initialize(processors[index]) }
      wait(.milliseconds(10))
    }

    /// Starts one with its block, its page tables and its stack, and waits until it runs.
    func start(_ identifier: UInt32, block: CoreBlock, root: UInt64, stacks: CoreStacks) {
      ix_prepare_start(root, stacks.kernelEnd, block.address)
      for _ in 0..<2 {
        interrupts.startUp(identifier, at: Self.trampoline)
        let start = now()
        while now().since(start) < .milliseconds(200) {
          if block.isStarted { return }
          x86_pause()
        }
      }
      refuse("a processor does not start")
    }

    private func now() -> Instant { clock.instant(at: x86_rdtsc()) }

    private func wait(_ interval: Interval) {
      let start = now()
      while now().since(start) < interval { x86_pause() }
    }
  }

  /// The first of a started core in Swift (Boot/processors.asm).
  @c(ix_core_main)
  func runOtherCore(_ block: UInt64) -> Never {
    let block = CoreBlock(address: block)
    block.load()
    protectCore(CPUFeatures())
    Core.current.interrupts.enableHere()
    block.setStarted()
    Core.current.enterApplication()
  }
#endif
