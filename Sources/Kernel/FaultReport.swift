#if hasFeature(Embedded)
  import CX86

  /// Reports a fault, line by line for the launcher, and ends the machine.
  func report(_ frame: ix_trap_frame) -> Never {
    let isApplication = frame.cs & 3 == 3
    guard CoreBlock.current.beginReport() else {
      Console.write("ix: kernel fault: another fault while reporting one\n")
      stop(.kernelFailure)
    }
    // Of two cores at fault one reports, and ends the machine.
    guard Lock.report.take() else { x86_halt_forever() }
    Console.begin()
    Console.write(isApplication ? "ix: application fault: " : "ix: kernel fault: ")
    writeCause(frame)
    Console.write(", core ")
    Console.write(UInt64(ix_core_index()))
    Console.write("\n")
    writeRegisters(frame)
    Console.write("ix:   backtrace ")
    Console.write(hexadecimal: frame.rip)
    Console.write("\n")
    if isApplication {
      writeApplicationBacktrace(from: frame.rbp)
    } else {
      writeKernelBacktrace(from: frame.rbp)
    }
    stop(isApplication ? .applicationFailure : .kernelFailure)
  }

  /// `page fault (vector 14, error 0x7) at rip 0x..., address 0x...`
  private func writeCause(_ frame: ix_trap_frame) {
    Console.write(exceptionName(frame.vector))
    Console.write(" (vector ")
    Console.write(frame.vector)
    Console.write(", error ")
    Console.write(hexadecimal: frame.error_code)
    Console.write(") at rip ")
    Console.write(hexadecimal: frame.rip)
    guard frame.vector == 14 || frame.vector == 8 else { return }
    let address = x86_read_cr2()
    Console.write(", address ")
    Console.write(hexadecimal: address)
    let stack = ix_core_stack_start()
    if address < stack, address >= stack &- UInt64(IX_GUARD_BYTE_COUNT) {
      Console.write(", kernel stack overflow")
    }
  }

  /// Intel SDM volume 3A, table 7-1.
  private func exceptionName(_ vector: UInt64) -> StaticString {
    switch vector {
    case 0: "divide error"
    case 1: "debug exception"
    case 2: "non-maskable interrupt"
    case 3: "breakpoint"
    case 4: "overflow"
    case 5: "bound range exceeded"
    case 6: "invalid instruction"
    case 7: "device not available"
    case 8: "double fault"
    case 10: "invalid task state"
    case 11: "segment not present"
    case 12: "stack fault"
    case 13: "general protection fault"
    case 14: "page fault"
    case 16: "floating-point error"
    case 17: "alignment check"
    case 18: "machine check"
    case 19: "vector floating-point error"
    case 20: "virtualization exception"
    case 21: "control protection fault"
    default: "exception"
    }
  }

  private func writeRegisters(_ frame: ix_trap_frame) {
    write("ix:   rax ", frame.rax, " rbx ", frame.rbx, " rcx ", frame.rcx, " rdx ", frame.rdx)
    write("ix:   rsi ", frame.rsi, " rdi ", frame.rdi, " rbp ", frame.rbp, " rsp ", frame.rsp)
    write("ix:   r8 ", frame.r8, " r9 ", frame.r9, " r10 ", frame.r10, " r11 ", frame.r11)
    write("ix:   r12 ", frame.r12, " r13 ", frame.r13, " r14 ", frame.r14, " r15 ", frame.r15)
    write("ix:   rip ", frame.rip, " rflags ", frame.rflags, " cs ", frame.cs, " ss ", frame.ss)
  }

  private func write(
    _ name0: StaticString, _ value0: UInt64, _ name1: StaticString, _ value1: UInt64,
    _ name2: StaticString, _ value2: UInt64, _ name3: StaticString, _ value3: UInt64
  ) {
    Console.write(name0)
    Console.write(hexadecimal: value0)
    Console.write(name1)
    Console.write(hexadecimal: value1)
    Console.write(name2)
    Console.write(hexadecimal: value2)
    Console.write(name3)
    Console.write(hexadecimal: value3)
    Console.write("\n")
  }
#endif
