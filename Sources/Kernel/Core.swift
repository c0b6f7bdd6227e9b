#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import IXABI
  import Network
  import Packets
  import TCP

  /// What ring 0 of one core keeps while ring 3 runs: the state behind every system call.
  struct Core: ~Copyable {
    /// The congestion control of every connection.
    typealias Control = Cubic
    typealias Thread = ElasticThread<NetworkCard, Control>

    let clock: TickClock
    let interrupts: LocalAPIC
    /// What the application may name.
    let memory: UserMemory
    let coreCount: Int
    var thread: Thread
    /// When the timer that watches ring 3 must be set anew; zero when it is not set.
    var watchRenewalDue = Instant(nanoseconds: 0)

    init(
      clock: TickClock, interrupts: LocalAPIC, memory: UserMemory, coreCount: Int,
      thread: consuming Thread
    ) {
      self.clock = clock
      self.interrupts = interrupts
      self.memory = memory
      self.coreCount = coreCount
      self.thread = thread
    }

    @inline(__always)
    mutating func poll(callCount: UInt64, flags: UInt64) -> Int64 {
      var pace = Pace(clock: clock, interrupts: interrupts)
      let result = thread.poll(callCount: callCount, flags: flags, on: &pace)
      if pace.hasSlept { watchRenewalDue = Instant(nanoseconds: 0) }
      watch(from: thread.polledAt)
      return result
    }

    mutating func flush(callCount: UInt64) -> Int64 {
      var pace = Pace(clock: clock, interrupts: interrupts)
      return thread.flush(callCount: callCount, on: &pace)
    }

    /// Opens a TCP port and says so on the console, with the time it took to get there.
    mutating func listen(port: UInt64) -> Status {
      guard let port = UInt16(exactly: port) else { return .badArgument }
      let status = thread.listen(port: port)
      if status == .ok { Self.announce(port, clock: clock) }
      return status
    }

    mutating func bind(port: UInt64) -> Status {
      guard let port = UInt16(exactly: port) else { return .badArgument }
      return thread.bind(port: port)
    }

    private static func announce(_ port: UInt16, clock: TickClock) {
      Console.write("ix: listening on port ")
      Console.write(UInt64(port))
      Console.write(", ")
      Console.write(clock.instant(at: x86_rdtsc()).nanoseconds / 1000)
      Console.write(" us after kernel entry\n")
    }
  }
#endif
