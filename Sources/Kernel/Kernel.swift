#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Packets
  import Wire

  /// The kernel from its first instruction in Swift to the application's first instruction.
  @c(Kernel_main)
  func start() -> Never {
    Console.start()
    CoreBlock.boot.prepare(index: 0, stacks: .boot)
    fillInterruptDescriptors()
    CoreBlock.boot.load()
    let features = CPUFeatures()
    let boot = BootInformation.read()
    let image = ImageDescriptor.read()
    var memory = KernelMemory(boot, image: image, features: features)
    protectCore(features)
    announceProtection(features)
    let clock = TickClock.calibrated(features)
    let interrupts = LocalAPIC(kernel: &memory, clock: clock)
    let processors = ProcessorList.find(
      count: boot.options.coreCount, boot: boot, first: interrupts.identifier, kernel: &memory)
    let entropy = Entropy(features)
    let card = NetworkCardSetup.find(
      kernel: &memory, entropy: entropy, processors: processors,
      coreCount: boot.options.coreCount)
    runCores(
      makeBuilder(
        boot, image: image, clock: clock, interrupts: interrupts, processors: processors,
        entropy: entropy, card: card, kernel: &memory),
      kernel: &memory)
  }

  /// Loads the application and divides what is left of the memory.
  private func makeBuilder(
    _ boot: BootInformation, image: ImageDescriptor, clock: TickClock, interrupts: LocalAPIC,
    processors: ProcessorList, entropy: Entropy, card: consuming NetworkCardSetup,
    kernel: inout KernelMemory
  ) -> CoreBuilder {
    let coreCount = boot.options.coreCount
    let application = LoadedApplication(image.application(), kernel: &kernel)
    let hash = ToeplitzHash(entropy: entropy)
    let control = ControlArea(coreCount: coreCount, kernel: &kernel)
    var mesh: CoreMesh?
    var flows = FlowSteering.alone
    var flowMemory = CoreMesh.nowhere
    if coreCount > 1 {
      let memory = kernel.free.take(byteCount: CoreMesh.byteCount(coreCount: coreCount))
      memory.fillWithZero()
      mesh = CoreMesh(coreCount: coreCount, memory: memory)
      flowMemory = kernel.free.take(byteCount: FlowSteering.storageByteCount)
      flows = FlowSteering(core: 0, coreCount: coreCount, hash: hash, storage: flowMemory)
    }
    return CoreBuilder(
      boot: boot, image: image, clock: clock, interrupts: interrupts, processors: processors,
      plan: .forGuest(kernel, coreCount: coreCount), secret: entropy.secret(),
      application: application,
      card: card, mesh: mesh, flows: flows, flowMemory: flowMemory, hash: hash,
      control: control)
  }

  /// Makes all cores, starts the network and enters the application on each of them.
  private func runCores(_ builder: consuming CoreBuilder, kernel: inout KernelMemory) -> Never {
    var sites = InlineArray<64, CoreSite?>(repeating: nil)
    // The first core's root is switched to only when the last page of the kernel has been mapped.
    for index in 0..<builder.coreCount {
      let site = builder.makeSite(index, kernel: &kernel)
      var arena = Arena.forKernel(builder.plan, memory: &kernel)
      builder.install(site, arena: &arena)
      sites[index] = site
      if index == builder.coreCount - 1 {
        let steering = builder.card.start(
          ReceiveScaling(hash: builder.hash, flows: builder.flows), arena: &arena)
        // The core this runs on is the first, and has been installed.
        if let steering { Core.current.steersWith(steering) }
      }
    }
    builder.control.publish(clock: builder.clock, kernel: kernel)
    startOtherCores(builder, sites: sites, kernel: kernel)
    guard let first = sites[0] else { refuse("there is no first core") }
    x86_write_cr3(first.root)
    Core.current.enterApplication()
  }

  private func startOtherCores(
    _ builder: borrowing CoreBuilder, sites: InlineArray<64, CoreSite?>, kernel: KernelMemory
  ) {
    guard builder.coreCount > 1 else { return }
    let others = OtherCores(
      interrupts: builder.interrupts, clock: builder.clock, kernel: kernel)
    others.initialize(builder.processors, count: builder.coreCount)
    for index in 1..<builder.coreCount {
      guard let site = sites[index] else { continue }
      others.start(
        builder.processors[index], block: site.block, root: site.root, stacks: site.stacks)
    }
  }

  extension ToeplitzHash {
    /// With a key nobody can guess: who could choose flows that meet on one core could overload it.
    fileprivate init(entropy: Entropy) {
      var key = InlineArray<40, UInt8>(repeating: 0)
      for word in 0..<5 {
        var value = entropy.secret().0
        for byte in 0..<8 {
          key[8 &* word &+ byte] = UInt8(truncatingIfNeeded: value)
          value &>>= 8
        }
      }
      self.init(key: key)
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
