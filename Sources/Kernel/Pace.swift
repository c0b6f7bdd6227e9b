#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  /// Time, idleness and end of the core this runs on.
  struct Pace: ProcessorCore {
    let clock: TickClock
    let interrupts: LocalAPIC
    let processors: ProcessorList
    /// The timer was used for something else.
    private(set) var hasSlept = false

    init(clock: TickClock, interrupts: LocalAPIC, processors: ProcessorList) {
      self.clock = clock
      self.interrupts = interrupts
      self.processors = processors
    }

    @inline(__always)
    func now() -> Instant { clock.instant(at: x86_rdtsc()) }

    @inline(__always)
    func relax() { x86_pause() }

    mutating func sleep(until deadline: Instant, now: Instant) {
      hasSlept = true
      interrupts.sleep(for: deadline.since(now))
    }

    func wake(_ cores: UInt64) {
      var rest = cores
      while rest != 0 {
        interrupts.wake(processors[rest.trailingZeroBitCount])
        rest &= rest &- 1
      }
    }

    func stop() {
      Console.begin()
      Console.write("ix: stopped by the control plane\n")
      Kernel.stop(.clean)
    }

    func printStatistics(of metrics: ThreadMetrics, busy: Interval) {
      Console.begin()
      defer { Console.end() }
      Console.write("ix: statistics: cycles ")
      Console.write(metrics.cycles)
      Console.write(" batches ")
      Console.write(metrics.batches)
      Console.write(" frames ")
      Console.write(metrics.frames)
      Console.write(" calls ")
      Console.write(metrics.calls)
      Console.write(" busy ")
      Console.write(busy.microseconds)
      Console.write(" us\n")
    }
  }
#endif
