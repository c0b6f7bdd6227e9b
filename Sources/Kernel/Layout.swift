#if hasFeature(Embedded)
  import Packets

  /// The virtual address space: the kernel above, one application below.
  enum Layout {
    /// All of RAM but the kernel's own image: read-write, never executable.
    static var directMap: DirectMap { DirectMap(offset: 0xFFFF_8000_0000_0000) }
    /// Device registers, uncached, each page at its physical address above this one.
    static var deviceWindow: UInt64 { 0xFFFF_C000_0000_0000 }
    /// The first device address beyond the window.
    static var deviceWindowLimit: UInt64 { 1 << 45 }
    /// Stacks of the cores that did not boot the machine.
    static var stackWindow: UInt64 { 0xFFFF_E000_0000_0000 }
    /// Between the stacks of one core and the next.
    static var stackStride: UInt64 { 1 << 20 }
    /// The kernel's image is linked at this address plus its physical address.
    static var kernelBase: UInt64 { 0xFFFF_FFFF_8000_0000 }
    /// What the page tables of Boot/entry.asm reach.
    static var bootMapByteCount: UInt64 { 1 << 30 }

    /// Where the segments of an application may lie.
    static var applicationWindow: Range<UInt64> { 0x40_0000..<0x4000_0000 }
    static var heap: UserAddress { UserAddress(0x10_0000_0000) }
    /// The packet pool, as ring 3 sees it.
    static var receiveWindow: UserAddress { UserAddress(0x20_0000_0000) }
    /// Event conditions, followed by the start-up page.
    static var events: UserAddress { UserAddress(0x30_0000_0000) }
    static var calls: UserAddress { UserAddress(0x30_0100_0000) }
    /// The content of the image.
    static var content: UserAddress { UserAddress(0x40_0000_0000) }
    /// First address above the stack.
    static var stackEnd: UserAddress { UserAddress(0x7FFF_0000_0000) }

    static var stackByteCount: Int { 256 << 10 }
    /// Batched calls, and event conditions, of one core.
    static var descriptorCount: Int { 1024 }
    static var pageByteCount: Int { 4096 }
    static var largePageByteCount: UInt64 { 2 << 20 }
  }

  /// An address on the memory bus. Devices see the same addresses, see `DeviceAddress`.
  struct PhysicalAddress: BitwiseCopyable {
    let rawValue: UInt64
    init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Where the kernel reads and writes it.
    var kernelAddress: KernelAddress {
      Layout.directMap.kernelAddress(of: DeviceAddress(rawValue))
    }
  }

  extension KernelAddress {
    /// The physical address of memory reached through the direct map.
    var physicalAddress: PhysicalAddress {
      PhysicalAddress(Layout.directMap.deviceAddress(of: self).rawValue)
    }
  }
#endif
