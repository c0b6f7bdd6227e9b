#if hasFeature(Embedded)
  import Dataplane
  import Packets

  /// The lower half of the address space while it is being filled: page tables and the record of what
  /// was mapped always agree.
  struct ApplicationSpace {
    private(set) var regions: UserMemory

    init(kernel: inout KernelMemory) {
      regions = UserMemory(storage: kernel.free.take(byteCount: UserMemory.storageByteCount))
    }

    /// Maps `memory` at `address` for ring 3.
    mutating func map(
      _ address: UserAddress, to memory: MemoryRegion, access: PageAccess,
      kernel: inout KernelMemory
    ) {
      kernel.tables.map(
        address.rawValue, to: memory.base.physicalAddress, byteCount: UInt64(memory.byteCount),
        access: access, memory: &kernel.free)
      let region = UserMemory.Region(
        base: address, memory: memory, isWritable: access.isUserWritable)
      precondition(regions.add(region), "regions of the application overlap")
    }
  }
#endif
