import CX86

/// The memory through which the cores of one dataplane reach each other: a ring for each ordered pair,
/// a ring from each core to the first one for frames to be sent, and a word of each core that says
/// whether it sleeps.
@safe
package struct CoreMesh: BitwiseCopyable {
  package let coreCount: Int
  private let memory: MemoryRegion

  package static func byteCount(coreCount: Int) -> Int {
    coreCount &* 64 &+ coreCount &* (coreCount &+ 1) &* CoreRing.byteCount
  }

  /// Stands where there is no memory because there is nobody to reach; never used.
  package static var nowhere: MemoryRegion {
    MemoryRegion(base: KernelAddress(64), byteCount: CoreRing.byteCount)
  }

  /// `memory`: at least `byteCount(coreCount:)` zeroed bytes, aligned to a cache line, that stay valid.
  package init(coreCount: Int, memory: MemoryRegion) {
    precondition(memory.byteCount >= Self.byteCount(coreCount: coreCount), "too little room")
    self.coreCount = coreCount
    self.memory = memory
  }

  /// The ring from one core to another.
  package func ring(from sender: Int, to receiver: Int) -> MemoryRegion {
    ring(sender &* coreCount &+ receiver)
  }

  /// The ring from a core without a queue of its own to the first core, for frames to be sent.
  package func uplink(of core: Int) -> MemoryRegion { ring(coreCount &* coreCount &+ core) }

  private func ring(_ index: Int) -> MemoryRegion {
    MemoryRegion(
      base: memory.base + (coreCount &* 64 &+ index &* CoreRing.byteCount),
      byteCount: CoreRing.byteCount)
  }

  /// Says whether `core` sleeps; only that core does. The fence orders its next look at the rings
  /// after the store, as a sender's fence orders its look here after what it has sent: one of the two
  /// sees the other.
  package func setAsleep(_ core: Int, _ isAsleep: Bool) {
    // SAFETY: the first line of each core in the region is its word.
    unsafe x86_store_release32(word(of: core), isAsleep ? 1 : 0)
    if isAsleep { x86_fence() }
  }

  /// Which of the cores in `mask`, which have just been sent something, sleep and must be woken.
  package func sleeping(among mask: UInt64) -> UInt64 {
    x86_fence()
    var result: UInt64 = 0
    for core in 0..<coreCount where mask & 1 &<< UInt64(core) != 0 {
      // SAFETY: as above.
      if unsafe x86_load_acquire32(word(of: core)) != 0 { result |= 1 &<< UInt64(core) }
    }
    return result
  }

  private func word(of core: Int) -> UnsafeMutableRawPointer {
    precondition(core >= 0 && core < coreCount, "no such core")
    // SAFETY: the region has a line for each core.
    return unsafe memory.pointer + core &* 64
  }
}
