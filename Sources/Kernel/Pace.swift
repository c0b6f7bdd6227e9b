#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  /// Time, idleness and end of the core this runs on.
  struct Pace: ProcessorCore {
    let clock: TickClock
    let interrupts: LocalAPIC
    /// The timer was used for something else.
    private(set) var hasSlept = false

    init(clock: TickClock, interrupts: LocalAPIC) {
      self.clock = clock
      self.interrupts = interrupts
    }

    @inline(__always)
    func now() -> Instant { clock.instant(at: x86_rdtsc()) }

    @inline(__always)
    func relax() { x86_pause() }

    mutating func sleep(until deadline: Instant, now: Instant) {
      hasSlept = true
      interrupts.sleep(for: deadline.since(now))
    }

    func stop() {
      Console.write("ix: stopped by the control plane\n")
      Kernel.stop(.clean)
    }

    func printStatistics(of metrics: ThreadMetrics, busy: Interval) {
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
