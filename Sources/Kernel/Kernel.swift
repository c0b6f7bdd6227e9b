#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  /// The kernel from its first instruction in Swift to the application's first instruction.
  @c(Kernel_main)
  func start() -> Never {
    Console.start()
    startCore()
    let features = CPUFeatures()
    let boot = BootInformation.read()
    let image = ImageDescriptor.read()
    var memory = KernelMemory(boot, image: image, features: features)
    enableProtection(features)
    let clock = TickClock.calibrated(features)

    var space = ApplicationSpace(kernel: &memory)
    let entry = space.load(image.application(), kernel: &memory)
    let stack = space.mapStack(kernel: &memory)
    space.mapContent(of: image, kernel: &memory)
    let control = ControlArea(coreCount: boot.options.coreCount, kernel: &memory)
    let plan = MemoryPlan.forGuest(memory)
    let shared = SharedMemory(plan, space: &space, kernel: &memory)
    let startup = shared.writeStartup(boot, image: image, clock: clock)
    var arena = Arena.forKernel(plan, memory: &memory)

    let entropy = Entropy(features)
    let interrupts = LocalAPIC(kernel: &memory, clock: clock)
    let card = NetworkCard.find(
      kernel: &memory, arena: &arena, entropy: entropy, message: interrupts.receiveMessage)
    let thread = Core.Thread.build(
      card: card, shared: shared, memory: space.regions, plan: plan, control: control,
      options: boot.options, secret: entropy.secret(), now: clock.instant(at: x86_rdtsc()), arena: &arena)
    Core.install(
      Core(
        clock: clock, interrupts: interrupts, memory: space.regions,
        coreCount: boot.options.coreCount, thread: thread),
      arena: &arena)
    control.publish(clock: clock, kernel: memory)
    Core.current.watch(from: clock.instant(at: x86_rdtsc()))
    ix_enter_user(entry.rawValue, stack.rawValue, startup.rawValue)
  }
#else
  @main struct HostStub { static func main() {} }
#endif
