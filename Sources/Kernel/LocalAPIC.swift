#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Packets

  /// This core's local interrupt controller (Intel SDM volume 3A, chapter 11). The dataplane polls;
  /// interrupts end its sleep, or ring 3's turn when it stays away for too long.
  struct LocalAPIC: BitwiseCopyable {
    /// Vectors below are exceptions.
    static var firstVector: UInt64 { 32 }
    static var spuriousVector: UInt64 { 0xFF }
    private static var receiveVector: UInt8 { 0x40 }
    static var timerVector: UInt32 { 0x41 }

    private enum Registers {
      /// Local APIC ID, in bits 24..31.
      static var identifier: Register<UInt32> { Register(at: 0x20) }
      /// EOI.
      static var endOfInterrupt: Register<UInt32> { Register(at: 0xB0) }
      /// Spurious-interrupt vector; bit 8 enables the APIC.
      static var spurious: Register<UInt32> { Register(at: 0xF0) }
      /// LVT timer; bit 16 masks it, mode 0 is one-shot.
      static var timer: Register<UInt32> { Register(at: 0x320) }
      static var initialCount: Register<UInt32> { Register(at: 0x380) }
      static var currentCount: Register<UInt32> { Register(at: 0x390) }
      /// Divide configuration; 0b0011 is 16.
      static var divide: Register<UInt32> { Register(at: 0x3E0) }
    }

    private let registers: MappedRegisters
    /// Timer counts per nanosecond, times 2^32.
    private let countsPerNanosecond: UInt64

    /// Enables the controller and measures its timer against `clock`.
    init(kernel: inout KernelMemory, clock: TickClock) {
      // IA32_APIC_BASE: the address in bits 12 and up; bit 11 enables the APIC, 10 is x2APIC mode.
      let base = x86_rdmsr(0x1B)
      x86_wrmsr(0x1B, base & ~(1 << 10) | 1 << 11)
      let address = DeviceAddress(base & 0xF_FFFF_FFFF_F000)
      guard let registers = kernel.window(at: address, byteCount: 4096) else {
        refuse("the local APIC is not where the processor says")
      }
      self.registers = registers
      registers.write(1 << 8 | UInt32(Self.spuriousVector), to: Registers.spurious)
      registers.write(0b0011, to: Registers.divide)
      registers.write(1 << 16, to: Registers.timer)
      countsPerNanosecond = Self.measure(registers, clock: clock)
      registers.write(Self.timerVector, to: Registers.timer)
    }

    /// Counts over half a millisecond.
    private static func measure(_ registers: MappedRegisters, clock: TickClock) -> UInt64 {
      let start = clock.instant(at: x86_rdtsc())
      registers.write(UInt32.max, to: Registers.initialCount)
      var elapsed = Interval.zero
      while elapsed < .microseconds(500) { elapsed = clock.instant(at: x86_rdtsc()).since(start) }
      let count = UInt64(UInt32.max &- registers.read(Registers.currentCount))
      registers.write(0, to: Registers.initialCount)
      return (count &<< 32) / max(elapsed.nanoseconds, 1)
    }

    /// What a device writes to interrupt this core.
    var receiveMessage: InterruptMessage {
      let identifier = registers.read(Registers.identifier) &>> 24
      return InterruptMessage(
        vector: Self.receiveVector, processor: UInt8(truncatingIfNeeded: identifier))
    }

    /// Halts until an interrupt, for `interval` at most.
    func sleep(for interval: Interval) {
      startTimer(after: interval)
      x86_wait_for_interrupt()
      registers.write(0, to: Registers.initialCount)
    }

    /// Interrupts once when `interval`, at most a second, is over; replaces an earlier one.
    func startTimer(after interval: Interval) {
      let nanoseconds = min(interval.nanoseconds, 1_000_000_000)
      let count = (nanoseconds &* (countsPerNanosecond &>> 8)) &>> 24
      registers.write(UInt32(clamping: max(count, 1)), to: Registers.initialCount)
    }

    /// The interrupt in service has been handled.
    func acknowledge() { registers.write(0, to: Registers.endOfInterrupt) }
  }
#endif
