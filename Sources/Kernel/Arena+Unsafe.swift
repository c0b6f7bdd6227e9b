#if hasFeature(Embedded)
  import Dataplane
  import Packets

  extension Arena {
    /// The kernel's arena: everything it keeps is carved from here.
    static func forKernel(_ plan: MemoryPlan, memory: inout KernelMemory) -> Arena {
      let region = memory.free.take(byteCount: plan.arenaByteCount)
      // SAFETY: the region was taken from the memory map for good.
      let bytes = unsafe UnsafeMutableRawBufferPointer(
        start: region.pointer, count: region.byteCount)
      return unsafe Arena(unowned: bytes)
    }
  }
#endif
