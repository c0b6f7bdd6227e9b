#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Network
  import Packets
  import TCP
  import Wire

  extension ElasticThread where Device == NetworkCard, Control == Core.Control {
    /// The elastic thread of this core, everything it needs carved from `arena`.
    static func build(
      card: consuming NetworkCard, shared: SharedMemory, memory: UserMemory, plan: MemoryPlan,
      control: ControlArea, options: BootOptions, secret: (UInt64, UInt64), now: Instant,
      arena: inout Arena
    ) -> Core.Thread {
      guard let pool = PacketPool(memory: shared.pool, arena: &arena),
        let tcp = Endpoint<Core.Control>(
          configuration: .forGuest(plan), secret: secret, now: now, arena: &arena),
        let stack = NetworkStack(
          configuration: options.interface, tcp: tcp, bufferCount: pool.count, arena: &arena),
        let timers = UserTimers(count: plan.timerCount, now: now, arena: &arena)
      else { refuse("this guest has too little memory for its network stack") }
      var thread = ElasticThread(
        device: card, pool: pool, stack: stack, calls: CallArray(memory: shared.calls),
        events: EventArray(memory: shared.events, receiveWindow: Layout.receiveWindow),
        timers: timers, memory: memory, control: control.block(0),
        captureRing: CaptureRing(control.captureRing(0)), batchBound: options.batchBound,
        spinLimit: .microseconds(UInt64(options.spinMicroseconds)), now: now)
      thread.start(now: now)
      return thread
    }
  }

  extension Configuration {
    /// Limits that grow with the memory given.
    fileprivate static func forGuest(_ plan: MemoryPlan) -> Configuration {
      var configuration = Configuration()
      configuration.connectionCount = plan.connectionLimit
      configuration.sendElementCount = plan.connectionLimit &* 4
      configuration.sentSegmentCount = plan.connectionLimit &* 4
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
