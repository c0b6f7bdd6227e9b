#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Network
  import Packets
  import Wire

  /// Everything of one core that is made before its elastic thread.
  struct CoreSite {
    let index: Int
    let block: CoreBlock
    let stacks: CoreStacks
    let memory: UserMemory
    let entry: Core.Entry
    /// The value for CR3.
    let root: UInt64
    let shared: SharedMemory
  }

  /// Makes the cores of a dataplane, one like the other, on the core that boots.
  struct CoreBuilder: ~Copyable {
    let boot: BootInformation
    let image: ImageDescriptor
    let clock: TickClock
    let interrupts: LocalAPIC
    let processors: ProcessorList
    let plan: MemoryPlan
    /// Of all cores alike: connections, and cookies for them, go from one to another.
    let secret: (UInt64, UInt64)
    let application: LoadedApplication
    let card: NetworkCardSetup
    let mesh: CoreMesh?
    let flows: FlowSteering
    let flowMemory: MemoryRegion
    let hash: ToeplitzHash
    let control: ControlArea

    var coreCount: Int { boot.options.coreCount }

    /// The memory of core `index`, its address space and its start-up page.
    borrowing func makeSite(_ index: Int, kernel: inout KernelMemory) -> CoreSite {
      var block = CoreBlock.boot
      var stacks = CoreStacks.boot
      if index > 0 {
        block = .make(kernel: &kernel)
        stacks = .make(index: index, kernel: &kernel)
        block.prepare(index: index, stacks: stacks)
      }
      var space = ApplicationSpace(kernel: &kernel)
      application.map(of: image.bytes, into: &space, core: index, kernel: &kernel)
      let stack = space.mapStack(kernel: &kernel)
      space.mapContent(of: image, kernel: &kernel)
      let shared = SharedMemory(plan, space: &space, kernel: &kernel)
      let startup = shared.writeStartup(core: index, boot, image: image, clock: clock)
      return CoreSite(
        index: index, block: block, stacks: stacks, memory: space.regions,
        entry: Core.Entry(address: application.entry, stack: stack, argument: startup),
        root: space.complete(kernel), shared: shared)
    }

    /// The state of the core at `site`, everything in `arena`.
    borrowing func install(_ site: CoreSite, arena: inout Arena) {
      let thread = Core.Thread.build(
        device: device(of: site.index, arena: &arena), links: links(of: site.index, arena: &arena),
        shared: site.shared, memory: site.memory, plan: plan, core: site.index,
        control: control, options: boot.options,
        secret: secret, now: clock.instant(at: x86_rdtsc()), arena: &arena)
      Core.install(
        Core(
          clock: clock, interrupts: interrupts, memory: site.memory, coreCount: coreCount,
          processors: processors, entry: site.entry, thread: thread),
        in: site.block, arena: &arena)
    }

    private borrowing func device(of index: Int, arena: inout Arena) -> CoreDevice<NetworkCard> {
      let isOnlyPair = card.pairCount == 1
      var device: CoreDevice<NetworkCard>?
      if index > 0, isOnlyPair, let mesh {
        device = CoreDevice(
          placeholder: card.absentPair(arena: &arena), core: index, mesh: mesh,
          macAddress: card.macAddress, offloads: card.offloads, arena: &arena)
      } else {
        device = CoreDevice(
          card: card.pair(index, arena: &arena), mesh: isOnlyPair ? mesh : nil, arena: &arena)
      }
      guard let device else { refuseMemory() }
      return device
    }

    private borrowing func links(of index: Int, arena: inout Arena) -> CoreLinks {
      let links = CoreLinks(
        flows: flows.isShared ? flows.sharing(as: index, storage: flowMemory) : flows,
        steering: card.steersByHash ? .byDevice : .inSoftware, mesh: mesh,
        queues: card.pairCount == 1 ? 1 : .max, arena: &arena)
      guard let links else { refuseMemory() }
      return links
    }

    private borrowing func refuseMemory() -> Never {
      refuse("this guest has too little memory for its network stack")
    }
  }

  extension CoreBlock {
    /// A block in memory of its own, a page: no other core's data shares a cache line with it.
    static func make(kernel: inout KernelMemory) -> CoreBlock {
      let memory = kernel.free.take(byteCount: Layout.pageByteCount)
      memory.fillWithZero()
      return CoreBlock(address: memory.base.rawValue)
    }
  }
#endif
