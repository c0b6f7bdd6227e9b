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
    /// The congestion control of every connection, as the command line chooses.
    typealias Control = SelectedControl
    typealias Thread = ElasticThread<CoreDevice<NetworkCard>, Control>

    /// Where ring 3 begins: addresses in its own space.
    struct Entry: BitwiseCopyable {
      let address: UserAddress
      let stack: UserAddress
      /// The start-up page.
      let argument: UserAddress
    }

    let clock: TickClock
    let interrupts: LocalAPIC
    /// What the application may name.
    let memory: UserMemory
    let coreCount: Int
    let processors: ProcessorList
    let entry: Entry
    var thread: Thread
    /// When the timer that watches ring 3 must be set anew; zero when it is not set.
    var watchRenewalDue = Instant(nanoseconds: 0)

    init(
      clock: TickClock, interrupts: LocalAPIC, memory: UserMemory, coreCount: Int,
      processors: ProcessorList, entry: Entry, thread: consuming Thread
    ) {
      self.clock = clock
      self.interrupts = interrupts
      self.memory = memory
      self.coreCount = coreCount
      self.processors = processors
      self.entry = entry
      self.thread = thread
    }

    /// Starts the network on the core this runs on, and ring 3. Everything of all cores is in place.
    mutating func enterApplication() -> Never {
      let now = clock.instant(at: x86_rdtsc())
      thread.start(now: now)
      watch(from: now)
      ix_enter_user(entry.address.rawValue, entry.stack.rawValue, entry.argument.rawValue)
    }

    /// Lets this core tell the network card that flow groups have other owners.
    mutating func steersWith(
      _ steering: consuming VirtioSteering<VirtioPCITransport<MappedRegisters>>
    ) {
      thread.device.steersWith(steering)
    }

    @inline(__always)
    mutating func poll(callCount: UInt64, flags: UInt64) -> Int64 {
      var pace = Pace(clock: clock, interrupts: interrupts, processors: processors)
      let result = thread.poll(callCount: callCount, flags: flags, on: &pace)
      if pace.hasSlept { watchRenewalDue = Instant(nanoseconds: 0) }
      watch(from: thread.polledAt)
      return result
    }

    mutating func flush(callCount: UInt64) -> Int64 {
      var pace = Pace(clock: clock, interrupts: interrupts, processors: processors)
      return thread.flush(callCount: callCount, on: &pace)
    }

    /// Opens a TCP port and says so on the console, with the time it took to get there.
    mutating func listen(port: UInt64) -> Status {
      guard let port = UInt16(exactly: port) else { return .badArgument }
      let status = thread.listen(port: port)
      if status == .ok { announce(port) }
      return status
    }

    mutating func bind(port: UInt64) -> Status {
      guard let port = UInt16(exactly: port) else { return .badArgument }
      return thread.bind(port: port)
    }

    /// Only when the last core listens: until then a connection may meet one that does not.
    private func announce(_ port: UInt16) {
      Console.begin()
      if OpenPorts.add(port) == coreCount {
        Console.write("ix: listening on port ")
        Console.write(UInt64(port))
        if coreCount > 1 {
          Console.write(" on ")
          Console.write(UInt64(coreCount))
          Console.write(" cores")
        }
        Console.write(", ")
        Console.write(clock.instant(at: x86_rdtsc()).nanoseconds / 1000)
        Console.write(" us after kernel entry\n")
      }
      Console.end()
    }
  }
#endif
