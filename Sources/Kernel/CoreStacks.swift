#if hasFeature(Embedded)
  import CX86
  import Packets

  /// A core's stacks: one for the kernel, and those for exceptions that may strike while that one is
  /// unusable. Below each is a guard page, which is not mapped.
  struct CoreStacks: BitwiseCopyable {
    /// The guard page of the kernel stack.
    private let start: UInt64

    /// The stacks of the core that boots, part of the image.
    static var boot: CoreStacks { CoreStacks(start: ix_address_of_stacks_start()) }

    /// Stacks for core `index`, mapped.
    static func make(index: Int, kernel: inout KernelMemory) -> CoreStacks {
      let stacks = CoreStacks(start: Layout.stackWindow &+ UInt64(index) &* Layout.stackStride)
      kernel.mapStack(stacks.kernelStart, byteCount: kernelByteCount)
      for interrupt in 0..<count {
        kernel.mapStack(
          stacks.interruptEnd(interrupt) &- interruptByteCount, byteCount: interruptByteCount)
      }
      return stacks
    }

    var kernelStart: UInt64 { start &+ Self.guardByteCount }
    /// The first address above the kernel stack.
    var kernelEnd: UInt64 { kernelStart &+ Self.kernelByteCount }
    /// The first address above exception stack `index`.
    func interruptEnd(_ index: Int) -> UInt64 {
      kernelEnd &+ UInt64(index &+ 1) &* (Self.guardByteCount &+ Self.interruptByteCount)
    }

    static var count: Int { Int(IX_INTERRUPT_STACK_COUNT) }
    static var interruptByteCount: UInt64 { UInt64(IX_INTERRUPT_STACK_BYTE_COUNT) }
    static var kernelByteCount: UInt64 { UInt64(IX_KERNEL_STACK_BYTE_COUNT) }
    static var guardByteCount: UInt64 { UInt64(IX_GUARD_BYTE_COUNT) }

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
#endif
