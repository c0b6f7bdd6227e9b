#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Packets

  /// Physical memory nobody uses yet. Only start-up takes from it.
  struct FreeMemory {
    private(set) var map: MemoryMap

    init(_ map: MemoryMap) { self.map = map }

    /// `byteCount` contiguous bytes, reached through the direct map; ends the machine when there are
    /// not enough.
    mutating func take(byteCount: Int, alignment: UInt64 = 4096) -> MemoryRegion {
      let rounded = UInt64(byteCount).roundedUp(to: MemoryMap.pageByteCount)
      guard let start = map.take(byteCount: rounded, alignment: alignment) else {
        refuse("this guest has too little memory; give it at least 16 MiB")
      }
      return MemoryRegion(
        base: PhysicalAddress(start).kernelAddress, byteCount: Int(rounded))
    }

    /// An empty page table.
    mutating func takeTable() -> PhysicalAddress {
      let page = take(byteCount: Layout.pageByteCount)
      page.fillWithZero()
      return page.base.physicalAddress
    }
  }

  /// The kernel's page tables and the memory it has not given away yet. Every core has page tables of
  /// its own, whose upper half is the one built here.
  struct KernelMemory {
    var free: FreeMemory
    let tables: PageTables
    /// All of RAM: never to be mapped as device memory.
    let ram: MemoryMap

    /// Builds the final address space and switches to it.
    init(_ boot: BootInformation, image: ImageDescriptor, features: CPUFeatures) {
      let imageByteCount = UInt64(image.byteCount)
      let contentByteCount = UInt64(image.contentByteCount)
      let kernelStart = ix_address_of_kernel_start() &- Layout.kernelBase
      let kernelByteCount = ix_address_of_kernel_end() &- ix_address_of_kernel_start()
      ram = boot.memory
      var direct = ram
      direct.remove(start: kernelStart, byteCount: kernelByteCount)
      direct.remove(start: image.address, byteCount: imageByteCount)
      direct.remove(start: image.contentAddress, byteCount: contentByteCount)
      let takenByteCount = kernelByteCount &+ imageByteCount &+ contentByteCount
      guard direct.byteCount &+ takenByteCount <= ram.byteCount else {
        refuse("the image is not in RAM, or overlaps itself")
      }
      var unused = direct
      // The first 64 KiB keep the null page unused and leave room to start other cores from.
      unused.remove(start: 0, byteCount: 64 << 10)
      free = FreeMemory(unused)
      tables = PageTables(features: features, memory: &free)
      mapKernel()
      for index in 0..<direct.count {
        map(direct: direct[index], access: .kernelData)
      }
      map(readOnly: image.address, byteCount: imageByteCount)
      map(readOnly: image.contentAddress, byteCount: contentByteCount)
      x86_write_cr3(tables.root.rawValue)
    }

    /// Bytes of RAM this guest has.
    var ramByteCount: UInt64 { ram.byteCount }

    /// Whether all of the range is RAM.
    func isRAM(_ start: UInt64, byteCount: UInt64) -> Bool {
      for index in 0..<ram.count where ram[index].start <= start {
        if start <= ram[index].end, byteCount <= ram[index].end &- start { return true }
      }
      return false
    }

    private mutating func map(readOnly start: UInt64, byteCount: UInt64) {
      let end = (start &+ byteCount).roundedUp(to: MemoryMap.pageByteCount)
      map(direct: MemoryMap.Extent(start: start, end: end), access: .kernelReadOnly)
    }

    private mutating func map(direct extent: MemoryMap.Extent, access: PageAccess) {
      let address = PhysicalAddress(extent.start)
      tables.map(
        address.kernelAddress.rawValue, to: address, byteCount: extent.byteCount, access: access,
        memory: &free)
    }

    /// The kernel's image, page by page as the linker script divides it; guard pages stay out.
    private mutating func mapKernel() {
      map(ix_address_of_kernel_start(), ix_address_of_text_end(), .kernelText)
      map(ix_address_of_text_end(), ix_address_of_rodata_end(), .kernelReadOnly)
      map(ix_address_of_rodata_end(), ix_address_of_data_end(), .kernelData)
      let stacks = CoreStacks.boot
      map(stacks.kernelStart, stacks.kernelEnd, .kernelData)
      for index in 0..<CoreStacks.count {
        let end = stacks.interruptEnd(index)
        map(end &- CoreStacks.interruptByteCount, end, .kernelData)
      }
    }

    /// Maps memory of its own at `start`, an address of the stack window.
    mutating func mapStack(_ start: UInt64, byteCount: UInt64) {
      let memory = free.take(byteCount: Int(byteCount))
      tables.map(
        start, to: memory.base.physicalAddress, byteCount: byteCount, access: .kernelData,
        memory: &free)
    }

    private mutating func map(_ start: UInt64, _ end: UInt64, _ access: PageAccess) {
      tables.map(
        start, to: PhysicalAddress(start &- Layout.kernelBase), byteCount: end &- start,
        access: access, memory: &free)
    }
  }

  extension KernelMemory: DeviceMemoryMapper {
    mutating func map(_ address: DeviceAddress, byteCount: Int) -> KernelAddress? {
      guard byteCount > 0, address.rawValue < Layout.deviceWindowLimit,
        UInt64(byteCount) <= Layout.deviceWindowLimit &- address.rawValue
      else { return nil }
      let first = address.rawValue & ~4095
      let end = (address.rawValue &+ UInt64(byteCount)).roundedUp(to: 4096)
      for index in 0..<ram.count where first < ram[index].end && ram[index].start < end {
        return nil
      }
      // Page by page: windows of one device may share their first or last page.
      var page = first
      while page < end {
        tables.map(
          Layout.deviceWindow &+ page, to: PhysicalAddress(page), byteCount: 4096, access: .device,
          memory: &free)
        page &+= 4096
      }
      return KernelAddress(Layout.deviceWindow &+ address.rawValue)
    }
  }
#endif
