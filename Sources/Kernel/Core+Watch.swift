#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets

  // Ring 3 has the core to itself until it polls. The local APIC's timer is set for the moment at
  // which that has been too long. Setting it costs an exit under most monitors, so it is moved on only
  // when half of the time is over: 200 times a second at most, and it never fires while the
  // application comes back in time.

  extension Core {
    /// How long ring 3 may stay away.
    static var absenceLimit: Interval { .milliseconds(10) }
    /// How old the timer's setting may become.
    private static var watchRenewal: Interval { .milliseconds(5) }

    /// Ring 3 gets the core at `now`.
    @inline(__always)
    mutating func watch(from now: Instant) {
      if now >= watchRenewalDue { setWatch(after: Self.absenceLimit, from: now) }
    }

    private mutating func setWatch(after interval: Interval, from now: Instant) {
      interrupts.startTimer(after: interval)
      watchRenewalDue = now + Self.watchRenewal
    }

    /// The timer has interrupted ring 3.
    mutating func interruptApplication() {
      let now = clock.instant(at: x86_rdtsc())
      let absence = now.since(thread.polledAt)
      guard absence >= Self.absenceLimit else {
        return setWatch(after: Self.absenceLimit - absence, from: now)
      }
      var pace = Pace(clock: clock, interrupts: interrupts, processors: processors)
      thread.serveInBackground(now: now, on: &pace)
      thread.wakeOthers(on: &pace)
      setWatch(after: Self.absenceLimit, from: clock.instant(at: x86_rdtsc()))
    }
  }
#endif
