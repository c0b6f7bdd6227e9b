#if hasFeature(Embedded)
  import Dataplane
  import Packets

  extension MemoryPlan {
    /// The plan for what is left after the kernel and the application have been loaded.
    static func forGuest(_ memory: KernelMemory) -> MemoryPlan {
      let byteCount = memory.free.map.largestByteCount(alignment: Layout.largePageByteCount)
      // A margin for page tables taken meanwhile.
      guard byteCount > 1 << 20, let plan = MemoryPlan(byteCount: byteCount &- 1 << 20) else {
        refuse("this guest has too little memory; give it at least 16 MiB")
      }
      return plan
    }
  }
#endif
