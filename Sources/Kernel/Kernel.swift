#if hasFeature(Embedded)
  import CX86

  /// The kernel's first and last function.
  @c(Kernel_main)
  func start() -> Never {
    Console.start()
    Console.write("ix: hello from Swift, ")
    Console.write(x86_rdtsc() &- ix_entry_ticks())
    Console.write(" ticks after entry\n")
    stop(.clean)
  }
  @c(ix_trap) func handleTrap(_ frame: UnsafeMutablePointer<ix_trap_frame>) { refuse("trap") }
  @c(ix_system_call) func handleSystemCall(_ a: UInt64) { refuse("trap") }
  @c(ix_bad_return) func handleBadReturn(_ a: UInt64) { refuse("trap") }
#else
  @main struct HostStub { static func main() {} }
#endif
