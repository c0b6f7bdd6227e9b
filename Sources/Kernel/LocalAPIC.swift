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
    /// Another core has something for this one.
    private static var wakeVector: UInt32 { 0x42 }

    private enum Registers {
      /// Local APIC ID, in bits 24..31.
      static var identifier: Register<UInt32> { Register(at: 0x20) }
      /// EOI.
      static var endOfInterrupt: Register<UInt32> { Register(at: 0xB0) }
      /// Spurious-interrupt vector; bit 8 enables the APIC.
      static var spurious: Register<UInt32> { Register(at: 0xF0) }
      /// ICR, interrupt command: writing the low half sends. Bit 12 says that it is still being sent.
      static var command: Register<UInt32> { Register(at: 0x300) }
      /// The receiver's APIC ID, in bits 24..31.
      static var commandReceiver: Register<UInt32> { Register(at: 0x310) }
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
      let base = Self.enableRegisters()
      let address = DeviceAddress(base & 0xF_FFFF_FFFF_F000)
      guard let registers = kernel.window(at: address, byteCount: 4096) else {
        refuse("the local APIC is not where the processor says")
      }
      self.registers = registers
      Self.enable(registers)
      countsPerNanosecond = Self.measure(registers, clock: clock)
      registers.write(Self.timerVector, to: Registers.timer)
    }

    /// The same for the core this runs on, whose registers are at the same address and whose timer
    /// runs as fast.
    func enableHere() {
      _ = Self.enableRegisters()
      Self.enable(registers)
      registers.write(Self.timerVector, to: Registers.timer)
    }

    /// IA32_APIC_BASE: the address in bits 12 and up; bit 11 enables the APIC, 10 is x2APIC mode.
    private static func enableRegisters() -> UInt64 {
      let base = x86_rdmsr(0x1B)
      x86_wrmsr(0x1B, base & ~(1 << 10) | 1 << 11)
      return base
    }

    private static func enable(_ registers: MappedRegisters) {
      registers.write(1 << 8 | UInt32(Self.spuriousVector), to: Registers.spurious)
      registers.write(0b0011, to: Registers.divide)
      registers.write(1 << 16, to: Registers.timer)
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

    /// The identifier of the core this runs on.
    var identifier: UInt32 { registers.read(Registers.identifier) &>> 24 }

    /// What a device writes to interrupt a core.
    static func receiveMessage(for identifier: UInt32) -> InterruptMessage {
      InterruptMessage(vector: receiveVector, processor: UInt8(truncatingIfNeeded: identifier))
    }

    /// Ends another core's sleep.
    func wake(_ identifier: UInt32) { send(Self.wakeVector, to: identifier) }

    /// Puts another core into the state in which it waits for `startUp` (section 9.4).
    func initialize(_ identifier: UInt32) { send(0x4500, to: identifier) }

    /// Lets another core begin in real mode at `page`, below 1 MiB.
    func startUp(_ identifier: UInt32, at page: UInt64) {
      send(0x4600 | UInt32(truncatingIfNeeded: page &>> 12), to: identifier)
    }

    private func send(_ command: UInt32, to identifier: UInt32) {
      while registers.read(Registers.command) & 1 << 12 != 0 { x86_pause() }
      registers.write(identifier &<< 24, to: Registers.commandReceiver)
      registers.write(command, to: Registers.command)
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
