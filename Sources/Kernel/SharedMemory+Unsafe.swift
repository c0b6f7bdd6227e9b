#if hasFeature(Embedded)
  import CIXABI
  import Dataplane
  import IXABI
  import Packets

  /// The memory ring 0 and ring 3 of one core share, besides packets.
  struct SharedMemory {
    let heap: MemoryRegion
    let pool: MemoryRegion
    let events: MemoryRegion
    let calls: MemoryRegion
    private let timerCount: Int
    /// The start-up page.
    private let startup: MemoryRegion
    private static var startupAddress: UserAddress {
      UserAddress(Layout.events.rawValue &+ arrayByteCount)
    }
    private static var arrayByteCount: UInt64 { UInt64(Layout.descriptorCount &* 64) }

    /// Takes the memory `plan` names and maps it. The heap and the receive window are mapped last:
    /// they are found first.
    init(_ plan: MemoryPlan, space: inout ApplicationSpace, kernel: inout KernelMemory) {
      timerCount = plan.timerCount
      let large = Layout.largePageByteCount
      pool = kernel.free.take(byteCount: plan.poolByteCount, alignment: large)
      heap = kernel.free.take(byteCount: plan.heapByteCount, alignment: large)
      let shared = kernel.free.take(
        byteCount: 2 * Int(Self.arrayByteCount) + Layout.pageByteCount)
      shared.fillWithZero()
      let byteCount = Int(Self.arrayByteCount)
      events = MemoryRegion(base: shared.base, byteCount: byteCount)
      startup = MemoryRegion(base: shared.base + byteCount, byteCount: Layout.pageByteCount)
      calls = MemoryRegion(base: startup.base + Layout.pageByteCount, byteCount: byteCount)
      space.map(Layout.calls, to: calls, access: .userData, kernel: &kernel)
      space.map(Layout.events, to: events, access: .userReadOnly, kernel: &kernel)
      space.map(Self.startupAddress, to: startup, access: .userReadOnly, kernel: &kernel)
      space.map(Layout.heap, to: heap, access: .userData, kernel: &kernel)
      space.map(Layout.receiveWindow, to: pool, access: .userReadOnly, kernel: &kernel)
    }

    /// Fills in the start-up page, arguments behind it, and returns its address in ring 3.
    func writeStartup(
      core: Int, _ boot: BootInformation, image: ImageDescriptor, clock: TickClock
    ) -> UserAddress {
      let argumentsOffset = MemoryLayout<StartupPage>.stride
      let address = Self.startupAddress
      var page = StartupPage()
      page.abi_version = IX_ABI_VERSION
      page.core_index = UInt32(core)
      page.core_count = UInt32(boot.options.coreCount)
      page.calls = Layout.calls.rawValue
      page.events = Layout.events.rawValue
      page.call_capacity = UInt32(Layout.descriptorCount)
      page.event_capacity = UInt32(Layout.descriptorCount)
      page.heap = Layout.heap.rawValue
      page.heap_byte_count = UInt64(heap.byteCount)
      page.arguments = address.rawValue &+ UInt64(argumentsOffset)
      page.arguments_byte_count = UInt64(boot.arguments.byteCount)
      page.ticks_per_second = clock.ticksPerSecond
      if image.contentByteCount > 0 {
        page.content = Layout.content.rawValue
        page.content_byte_count = UInt64(image.contentByteCount)
      }
      page.timer_capacity = UInt32(timerCount)
      // SAFETY: the page is ours, zeroed and large enough for the structure.
      unsafe startup.pointer.storeBytes(of: page, as: StartupPage.self)
      MemoryRegion(
        base: startup.base + argumentsOffset,
        byteCount: Layout.pageByteCount - argumentsOffset
      ).copy(boot.arguments)
      return address
    }
  }
#endif
