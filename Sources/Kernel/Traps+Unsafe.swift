#if hasFeature(Embedded)
  import CX86

  /// #DB.
  private let debugVector: UInt64 = 1
  /// RFLAGS.TF.
  private let trapFlag: UInt64 = 1 << 8

  /// Every exception and interrupt (Boot/traps.asm). Returns when the interrupted code may go on.
  @c(ix_trap)
  func handleTrap(_ frame: UnsafeMutablePointer<ix_trap_frame>) {
    // SAFETY: the frame lies on this core's stack for as long as the handler runs.
    if unsafe frame.pointee.vector == debugVector, unsafe frame.pointee.rflags & trapFlag != 0 {
      // A single step that nobody takes: a debugger that has gone leaves the flag in what an interrupt
      // saved, and ring 3 can set it.
      unsafe frame.pointee.rflags &= ~trapFlag
      return
    }
    // SAFETY: as above.
    let frame = unsafe frame.pointee
    guard frame.vector >= LocalAPIC.firstVector else { report(frame) }
    // In ring 0 an interrupt only ends `sleep`, whose caller looks for what happened.
    guard frame.vector != LocalAPIC.spuriousVector, Core.isInstalled else { return }
    Core.current.interrupts.acknowledge()
    if frame.vector == LocalAPIC.timerVector, frame.cs & 3 == 3 {
      Core.current.interruptApplication()
    }
  }

  /// A system call from the last two bytes of the lower half: its return address is not an address.
  @c(ix_bad_return)
  func handleBadReturn(_ address: UInt64) {
    Console.begin()
    Console.write("ix: application fault: system call with return address ")
    Console.write(hexadecimal: address)
    Console.write("\n")
    stop(.applicationFailure)
  }
#endif
