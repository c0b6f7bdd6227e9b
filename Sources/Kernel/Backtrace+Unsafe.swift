#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  // A frame is two words: the caller's frame pointer and the return address. What a frame says is
  // believed only as far as it stays inside memory we know.

  /// Most frames of one backtrace.
  private var frameLimit: Int { 32 }

  /// Frames on the kernel stack.
  func writeKernelBacktrace(from framePointer: UInt64) {
    let stack = ix_core_stack_start()..<(ix_core_stack_end() &- 15)
    var pointer = framePointer
    for _ in 0..<frameLimit {
      guard stack.contains(pointer), pointer % 8 == 0 else { return }
      let next = writeFrame(at: KernelAddress(pointer))
      guard next > pointer else { return }
      pointer = next
    }
  }

  /// Frames in ring 3, read through the kernel's own mapping.
  func writeApplicationBacktrace(from framePointer: UInt64) {
    guard Core.isInstalled else { return }
    var pointer = framePointer
    for _ in 0..<frameLimit {
      guard pointer % 8 == 0,
        let frame = Core.current.memory.kernelAddress(
          of: UserAddress(pointer), byteCount: 16, writable: true)
      else { return }
      let next = writeFrame(at: frame)
      guard next > pointer else { return }
      pointer = next
    }
  }

  /// Writes a frame's return address, returns its link.
  private func writeFrame(at address: KernelAddress) -> UInt64 {
    // SAFETY: the callers checked that 16 mapped bytes lie at the address, which is aligned.
    let frame = unsafe UnsafePointer<UInt64>(bitPattern: UInt(address.rawValue)).unsafelyUnwrapped
    guard unsafe frame[1] != 0 else { return 0 }
    Console.write("ix:   backtrace ")
    unsafe Console.write(hexadecimal: frame[1])
    Console.write("\n")
    return unsafe frame[0]
  }
#endif
