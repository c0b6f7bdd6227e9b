#if hasFeature(Embedded)
  import CIXABI
  import Dataplane
  import IXABI
  import Packets

  /// The control page and the blocks of its cores (ix_control.h), in guest memory.
  struct ControlArea {
    private let blocks: MemoryRegion
    private let rings: MemoryRegion
    private let ringByteCount: Int
    private let coreCount: Int

    /// Takes the memory for `coreCount` cores.
    init(coreCount: Int, kernel: inout KernelMemory) {
      self.coreCount = coreCount
      blocks = kernel.free.take(byteCount: ControlBlock.byteCount * coreCount)
      blocks.fillWithZero()
      // A quarter of a megabyte holds the frames of a few milliseconds; small guests have less.
      ringByteCount = kernel.ramByteCount < 32 << 20 ? 64 << 10 : 256 << 10
      rings = kernel.free.take(byteCount: ringByteCount * coreCount)
    }

    /// Where core `index` keeps frames for the host.
    func captureRing(_ index: Int) -> CaptureRing.Place {
      precondition(index < coreCount, "no such core")
      let start = rings.base + index * ringByteCount
      return CaptureRing.Place(
        memory: MemoryRegion(base: start, byteCount: ringByteCount),
        physicalAddress: start.physicalAddress.rawValue)
    }

    /// Core `index`'s block.
    func block(_ index: Int) -> ControlBlock {
      precondition(index < coreCount, "no such core")
      let start = blocks.base + index * ControlBlock.byteCount
      return ControlBlock(
        memory: MemoryRegion(base: start, byteCount: ControlBlock.byteCount),
        captureRing: captureRing(index))
    }

    /// Shows the blocks to the host, unless there is no memory where it looks.
    func publish(clock: TickClock, kernel: KernelMemory) {
      guard kernel.isRAM(IX_CONTROL_ADDRESS, byteCount: UInt64(Layout.pageByteCount)) else {
        return
      }
      let page = MemoryRegion(
        base: PhysicalAddress(IX_CONTROL_ADDRESS).kernelAddress, byteCount: Layout.pageByteCount)
      page.fillWithZero()
      // SAFETY: the page is RAM that nobody else uses: the first 64 KiB are never given away.
      let header = unsafe page.pointer.bindMemory(to: ControlHeader.self, capacity: 1)
      unsafe header.pointee = ControlHeader()
      unsafe header.pointee.version = IX_CONTROL_VERSION
      unsafe header.pointee.core_count = UInt32(coreCount)
      unsafe header.pointee.core_blocks = blocks.base.physicalAddress.rawValue
      unsafe header.pointee.core_block_stride = UInt64(ControlBlock.byteCount)
      unsafe header.pointee.memory_byte_count = kernel.ramByteCount
      unsafe header.pointee.ticks_per_second = clock.ticksPerSecond
      unsafe ix_control_store(&header.pointee.magic, IX_CONTROL_MAGIC)
    }
  }
#endif
