import CIXABI
import IXABI
import Network
import Packets
import TCP

/// What an elastic thread needs of the processor core it has to itself.
package protocol ProcessorCore: ~Copyable {
  /// The time, never going back.
  func now() -> Instant
  /// Nothing happened in the last cycle.
  mutating func relax()
  /// Sleeps until an interrupt, at the latest until `deadline`.
  mutating func sleep(until deadline: Instant, now: Instant)
  /// The host has asked for the numbers on the console.
  mutating func printStatistics(of metrics: ThreadMetrics, busy: Interval)
  /// The host has asked for the end of the machine. Does not return but in tests.
  mutating func stop()
  /// Ends the sleep of other cores, one bit each.
  func wake(_ cores: UInt64)
}

extension ProcessorCore where Self: ~Copyable {
  package func wake(_ cores: UInt64) {}
}

/// One dedicated core's dataplane: a queue pair, a pool, a stack and the arrays it shares with
/// ring 3. Everything on the packet path happens here, to completion, in one order.
package struct ElasticThread<
  Device: NetworkDevice & ~Copyable, Control: CongestionControl & BitwiseCopyable
>: ~Copyable {
  package var device: CapturedDevice<Device>
  package var pool: PacketPool
  package var stack: NetworkStack<Control>
  var calls: CallArray
  var events: EventArray
  package internal(set) var timers: UserTimers
  let memory: UserMemory
  /// Bound B: most frames of one batch.
  var batchBound: Int
  /// How long the thread polls before it sleeps.
  var spinLimit: Interval
  package var metrics = ThreadMetrics()
  package internal(set) var load: LoadMeter
  /// What the host sees of this core, and asks of it.
  var control: ControlBlock
  /// Cores, one bit each, that get the flow groups of this one while it is to be parked.
  var parkTargets: UInt64 = 0
  /// Those of them that have not had their share.
  var parkRest: UInt64 = 0
  /// When it is tried next.
  var parkDue = Instant(nanoseconds: 0)
  /// When the host is to be shown something, and when new numbers.
  var publishDue = Instant(nanoseconds: 0)
  var numbersDue = Instant(nanoseconds: 0)
  /// Cycles in a row whose timers waited for frames.
  private var postponedCount = 0
  /// When the last cycle began, or sleep was to end.
  var attendedAt: Instant
  /// When the last `poll` went back to ring 3.
  package private(set) var polledAt: Instant

  package init(
    device: consuming Device, pool: consuming PacketPool, stack: consuming NetworkStack<Control>,
    calls: consuming CallArray, events: consuming EventArray, timers: consuming UserTimers,
    memory: UserMemory, control: consuming ControlBlock, captureRing: consuming CaptureRing? = nil,
    batchBound: Int, spinLimit: Interval = .milliseconds(1), now: Instant
  ) {
    self.device = CapturedDevice(device, ring: captureRing)
    self.control = control
    load = LoadMeter(now: now)
    polledAt = now
    attendedAt = now
    self.pool = pool
    self.stack = stack
    self.calls = calls
    self.events = events
    self.timers = timers
    self.memory = memory
    self.batchBound = max(batchBound, 1)
    self.spinLimit = spinLimit
  }

  /// The system call `poll`: runs the first `callCount` batched calls, then cycles until there are
  /// event conditions, and returns how many. `flags` are those of `IX_POLL_...`.
  package mutating func poll(
    callCount: UInt64, flags: UInt64 = 0, on core: inout some ProcessorCore & ~Copyable
  ) -> Int64 {
    guard callCount <= UInt64(calls.capacity) else { return Status.badArgument.result }
    events.mergesSent = flags & UInt64(IX_POLL_MERGES_SENT) != 0
    events.letsConnectionsGo = flags & UInt64(IX_POLL_LETS_CONNECTIONS_GO) != 0
    var now = core.now()
    var busyAt = now
    // The application had the core since.
    load.wasBusy(from: polledAt, to: now)
    begin(callCount: Int(callCount), now: now)
    while true {
      if control.hasCommand || now >= publishDue { attend(now: now, on: &core) }
      let frameCount = metrics.frames
      let eventCount = cycle(now: now)
      wakeOthers(on: &core)
      guard eventCount == 0 else {
        polledAt = now
        return Int64(eventCount)
      }
      let wasBusy = metrics.frames != frameCount
      if wasBusy { busyAt = now }
      if now.since(busyAt) < spinLimit { core.relax() } else { sleep(on: &core, now: now) }
      let turnedAt = now
      now = core.now()
      if wasBusy { load.wasBusy(from: turnedAt, to: now) }
      device.checkForLostNotification(now: now)
    }
  }

  /// Gives the core up until there is something to do. A frame that arrives before the interrupt is
  /// armed is seen by `armInterrupt`, one that arrives later interrupts.
  private mutating func sleep(on core: inout some ProcessorCore & ~Copyable, now: Instant) {
    guard !stack.hasWork, stack.links.prepareToSleep() else { return core.relax() }
    guard !device.armInterrupt() else {
      stack.links.endSleep()
      return core.relax()
    }
    let limit = now + Self.longestSleep
    var deadline = min(stack.tcp.nextDeadline ?? limit, limit)
    if let timer = timers.nextDeadline { deadline = min(deadline, timer) }
    control.set(isParked ? .parked : .sleeping)
    core.sleep(until: deadline, now: now)
    control.set(isParked ? .parked : .running)
    metrics.sleeps &+= 1
    let wokenAt = core.now()
    attendedAt = min(deadline, wokenAt)
    load.foundEmpty(now: wokenAt)
    device.disarmInterrupt()
    stack.links.endSleep()
  }

  /// Wakes the cores that have been sent something and sleep.
  @inline(__always)
  package mutating func wakeOthers(on core: inout some ProcessorCore & ~Copyable) {
    guard stack.links.isShared else { return }
    let cores = stack.links.takeWakes() | device.takeWakes()
    if cores != 0 { core.wake(cores) }
  }

  /// What the stack has no timer for, and what the host asks for, is looked at this often.
  private static var longestSleep: Interval { .milliseconds(25) }

  /// Steps one and two of the cycle: what the device has finished, and the batched calls.
  mutating func begin(callCount: Int, now: Instant) {
    events.removeAll()
    device.reclaim(&pool)
    run(callCount: callCount, now: now)
  }

  /// The steps from transmission to event conditions; returns how many of those there are.
  mutating func cycle(now: Instant) -> Int {
    noteGap(now)
    transmit(now)
    timers.fire(now: now, into: &events)
    receive(now)
    expire(now)
    stack.deliver(into: &events, pool: &pool)
    metrics.cycles &+= 1
    return events.count
  }

  /// Notices that the core, or the application with it, has kept the network waiting.
  @inline(__always)
  private mutating func noteGap(_ now: Instant) {
    let gap = now.since(attendedAt)
    attendedAt = now
    if gap > NetworkStack<Control>.standstill { stack.stoodStill(for: gap, until: now) }
  }

  /// Runs the stack's timers once everything that had arrived is taken in: after a pause of the core,
  /// the acknowledgment that a timer waits for may lie in the queue. A queue that never gets empty
  /// delays them by `longestPostponement` batches.
  @inline(__always)
  mutating func expire(_ now: Instant) {
    if stack.isBehind(now) { expireUnlessMoreWaits(now) }
  }

  @inline(never)
  private mutating func expireUnlessMoreWaits(_ now: Instant) {
    let moreWaits = device.waitingFrameCount > 0 || stack.links.hasMessage()
    if moreWaits, postponedCount < Self.longestPostponement {
      postponedCount &+= 1
      return
    }
    postponedCount = 0
    stack.expire(now: now, pool: &pool)
  }

  /// The deepest queue of a device, 256 frames, in batches of 16.
  private static var longestPostponement: Int { 16 }

  /// The system call `flush`: runs and transmits a batch, receives nothing.
  package mutating func flush(callCount: UInt64, on core: inout some ProcessorCore & ~Copyable)
    -> Int64
  {
    guard callCount <= UInt64(calls.capacity) else { return Status.badArgument.result }
    let now = core.now()
    device.reclaim(&pool)
    run(callCount: Int(callCount), now: now)
    transmit(now)
    wakeOthers(on: &core)
    return 0
  }

  /// Gives the device its buffers, before it is started.
  package mutating func prepare() { device.prepare(from: &pool) }

  /// Tells the device of its buffers and the link who we are.
  package mutating func start(now: Instant) {
    device.announceBuffers()
    stack.claimAddress(now: now, device: &device, pool: &pool)
    device.ringDoorbell()
  }

  /// Delivers knocks for TCP connections to `port`.
  package mutating func listen(port: UInt16) -> Status { stack.tcp.listen(port: port) }

  /// Delivers UDP datagrams to `port`.
  package mutating func bind(port: UInt16) -> Status { stack.bind(port) }

  /// Everything the stack wants to send leaves with one doorbell.
  @inline(__always)
  mutating func transmit(_ now: Instant) {
    device.now = now
    stack.transmit(now: now, device: &device, pool: &pool)
    device.refill(from: &pool)
    device.ringDoorbell()
  }

  /// Takes at most B frames; never waits for more.
  @inline(__always)
  mutating func receive(_ now: Instant) {
    // What was sent before the answer that may be there now is finished: its memory is free as soon
    // as it is acknowledged.
    device.reclaim(&pool)
    var count = 0
    if stack.links.isShared {
      // What others have handed over comes first, but does not keep out what arrives here.
      count = stack.receiveFromOtherCores(
        limit: max(batchBound / 2, 1), now: now, pool: &pool, device: &device)
    }
    var hasBegun = false
    while count < batchBound, let frame = device.receive(&pool) {
      if !hasBegun { stack.beginReceiving(now: now, device: device) }
      hasBegun = true
      stack.receive(frame, now: now, pool: &pool, device: &device, events: &events)
      count &+= 1
    }
    guard count > 0 else { return load.foundEmpty(now: now) }
    load.received(count, waiting: count < batchBound ? 0 : device.waitingFrameCount, now: now)
    metrics.batches &+= 1
    metrics.frames &+= UInt64(truncatingIfNeeded: count)
  }
}

/// What one elastic thread has done since boot.
package struct ThreadMetrics: BitwiseCopyable {
  /// Turns of the cycle, idle ones included.
  package var cycles: UInt64 = 0
  /// Cycles that received at least one frame.
  package var batches: UInt64 = 0
  package var frames: UInt64 = 0
  package var calls: UInt64 = 0
  package var refusedCalls: UInt64 = 0
  /// Times the application stayed away for so long that the thread went on without it.
  package var overstays: UInt64 = 0
  /// Times the thread slept until a frame or a timer.
  package var sleeps: UInt64 = 0
}

extension Status {
  /// As the result of a system call or batched call.
  @inline(__always)
  package var result: Int64 { Int64(rawValue) }
}
