#if hasFeature(Embedded)
  import CX86

  /// How the guest ended, as written to QEMU's debug-exit port (`isa-debug-exit` at 0xF4): QEMU then
  /// exits with `rawValue << 1 | 1`. The launcher maps it to its own status.
  enum ExitStatus: UInt32 {
    /// The application ended with status 0. QEMU: 33.
    case clean = 0x10
    /// The application ended with another status, or a fault ended it. QEMU: 35.
    case applicationFailure = 0x11
    /// The kernel found itself at fault. QEMU: 37.
    case kernelFailure = 0x12
    /// The image, the command line or the machine is not what the kernel needs. QEMU: 39.
    case badConfiguration = 0x13
  }

  /// Ends the virtual machine.
  func stop(_ status: ExitStatus) -> Never {
    Console.drain()
    x86_port_write32(0xF4, status.rawValue)
    // No such port: reset through the keyboard controller, which monitors without one ignore, then
    // by a triple fault.
    x86_port_write8(0x64, 0xFE)
    x86_triple_fault()
    x86_halt_forever()
  }

  /// Refuses to go on: one sentence, then the end.
  func refuse(_ sentence: StaticString) -> Never {
    Console.write("ix: ")
    Console.write(sentence)
    Console.write("\n")
    stop(.badConfiguration)
  }
#endif
