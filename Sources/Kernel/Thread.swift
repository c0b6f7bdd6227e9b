#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Network
  import Packets
  import TCP
  import Wire

  extension ElasticThread where Device == CoreDevice<NetworkCard>, Control == Core.Control {
    /// The elastic thread of one core, everything it needs carved from `arena`.
    static func build(
      device: consuming Device, links: consuming CoreLinks, shared: SharedMemory,
      memory: UserMemory, plan: MemoryPlan, core: Int, control: ControlArea, options: BootOptions,
      secret: (UInt64, UInt64), now: Instant, arena: inout Arena
    ) -> Core.Thread {
      guard let pool = PacketPool(memory: shared.pool, arena: &arena),
        let tcp = Endpoint<Core.Control>(
          configuration: .forGuest(plan, options, flows: links.flows), secret: secret, now: now,
          arena: &arena),
        let stack = NetworkStack(
          configuration: options.interface, tcp: tcp, bufferCount: pool.count, links: links,
          arena: &arena),
        let timers = UserTimers(count: plan.timerCount, now: now, arena: &arena)
      else { refuse("this guest has too little memory for its network stack") }
      var thread = ElasticThread(
        device: device, pool: pool, stack: stack, calls: CallArray(memory: shared.calls),
        events: EventArray(memory: shared.events, receiveWindow: Layout.receiveWindow),
        timers: timers, memory: memory, control: control.block(core),
        captureRing: CaptureRing(control.captureRing(core)), batchBound: options.batchBound,
        spinLimit: .microseconds(UInt64(options.spinMicroseconds)), now: now)
      thread.prepare()
      return thread
    }
  }

  extension Configuration {
    /// Limits that grow with the memory given.
    fileprivate static func forGuest(
      _ plan: MemoryPlan, _ options: BootOptions, flows: FlowSteering
    ) -> Configuration {
      var configuration = Configuration()
      configuration.flows = flows
      configuration.connectionCount = plan.connectionLimit
      configuration.sendElementCount = plan.connectionLimit &* 4
      configuration.sentSegmentCount = plan.connectionLimit &* 4
      configuration.congestionChoice = options.congestion
      // Without marks DCTCP is nothing but NewReno.
      if options.congestion == .dctcp { configuration.ecn = .requests }
      return configuration
    }
  }

  extension BootOptions {
    /// Without an address the interface only listens.
    fileprivate var interface: InterfaceConfiguration {
      InterfaceConfiguration(
        address: address ?? .any, prefixLength: address == nil ? 32 : prefixLength,
        gateway: gateway)
    }
  }
#endif
