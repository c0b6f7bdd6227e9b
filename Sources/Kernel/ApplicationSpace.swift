#if hasFeature(Embedded)
  import Dataplane
  import Packets

  /// The lower half of one core's address space while it is being filled: page tables and the record of
  /// what was mapped always agree.
  ///
  /// Every core has a space of its own. What ring 3 may write, and what a peer has sent to it, is
  /// mapped on one core only; what it may only read, its text, constants and content, is shared.
  struct ApplicationSpace {
    private(set) var regions: UserMemory
    private let tables: PageTables

    init(kernel: inout KernelMemory) {
      regions = UserMemory(storage: kernel.free.take(byteCount: UserMemory.storageByteCount))
      tables = PageTables(like: kernel.tables, memory: &kernel.free)
    }

    /// Maps `memory` at `address` for ring 3.
    mutating func map(
      _ address: UserAddress, to memory: MemoryRegion, access: PageAccess,
      kernel: inout KernelMemory
    ) {
      tables.map(
        address.rawValue, to: memory.base.physicalAddress, byteCount: UInt64(memory.byteCount),
        access: access, memory: &kernel.free)
      let region = UserMemory.Region(
        base: address, memory: memory, isWritable: access.isUserWritable)
      precondition(regions.add(region), "regions of the application overlap")
    }

    /// Completes the space, after everything of the kernel has been mapped; the value for CR3.
    func complete(_ kernel: KernelMemory) -> UInt64 {
      tables.adoptUpperHalf(of: kernel.tables)
      return tables.root.rawValue
    }
  }
#endif
