#if hasFeature(Embedded)
  import Dataplane
  import Packets

  extension MemoryPlan {
    /// The plan of each of `coreCount` cores, for what is left after the kernel and the application have
    /// been loaded.
    static func forGuest(_ memory: KernelMemory, coreCount: Int) -> MemoryPlan {
      let byteCount = memory.free.map.largestByteCount(alignment: Layout.largePageByteCount)
      // A margin for page tables taken meanwhile.
      let margin: UInt64 = 1 << 20
      let large = Layout.largePageByteCount
      guard byteCount > margin &* UInt64(coreCount) else { refuseMemory() }
      var share = byteCount &- margin
      if coreCount > 1 {
        // Stacks and the application's data, of which each core has its own, and the pages between
        // one core's memory and the next core's first large one.
        share = (share / UInt64(coreCount) &- margin) & ~(large &- 1)
      }
      guard let plan = MemoryPlan(byteCount: share) else { refuseMemory() }
      return plan
    }
  }

  private func refuseMemory() -> Never {
    refuse("this guest has too little memory; give it at least 16 MiB for each core")
  }
#endif
