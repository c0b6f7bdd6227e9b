import CIX
import CIXABI
import IXABI

/// One event of this cycle, in place. What it says is read when it is asked for.
@safe
struct Event: BitwiseCopyable {
  private let pointer: UnsafePointer<EventDescriptor>

  @inline(__always)
  fileprivate init(_ pointer: UnsafePointer<EventDescriptor>) { unsafe self.pointer = pointer }

  @inline(__always)
  var descriptor: EventDescriptor {
    // SAFETY: events stay as they are until the next `poll`, and are not kept for longer.
    unsafeAddress { unsafe pointer }
  }
}

/// One core's side of the application: the shared arrays and the state of its connections.
///
/// Methods of services run between short accesses to `Core.current`, never inside one, because
/// they come back to it.
@safe
struct Core: ~Copyable {
  let callCapacity: Int
  private let calls: UnsafeMutablePointer<CallDescriptor>
  private let events: UnsafePointer<EventDescriptor>
  private let vectors: UnsafeMutablePointer<VectorDescriptor>
  /// Vectors of the calls that are waiting.
  private var vectorCount = 0
  /// Batched calls that are waiting for the next system call.
  private(set) var callCount = 0
  /// Tells batches apart; never zero.
  private(set) var batch: UInt32 = 1
  var sessions = Slab<Session>(minimumCapacity: 64)
  var chunks = Slab<Chunk>(minimumCapacity: 256)
  /// Where copies of bytes to be sent go.
  var blocks = BlockPool()
  /// Sessions with something to send, linked by `Session.nextDirty`.
  var firstDirty = Slab<Session>.none
  /// Loans whose bytes were acknowledged and whose owner was not told yet.
  var returnedLoans: [UInt64] = []
  /// Connections that are wanted on other cores.
  var leaving: [Leaving] = []
  /// Told apart by every use of a session's number.
  var nextGeneration: UInt32 = 1
  /// The generation of each timer that runs, zero for one that does not.
  var timers = Slab<UInt32>(minimumCapacity: 64)
  var nextTimerGeneration: UInt32 = 1
  /// What the kernel said at the start.
  let startup: StartupPage
  /// Nanoseconds per tick of the time-stamp counter, 32 bits of fraction.
  let nanosecondsPerTick: UInt64

  private static var vectorCapacity: Int { 1024 }

  private init(_ startup: UnsafePointer<StartupPage>) {
    // SAFETY: the kernel describes arrays it has mapped for the life of the application.
    unsafe self.startup = startup.pointee
    let ticksPerSecond = unsafe max(startup.pointee.ticks_per_second, 1)
    nanosecondsPerTick = (1_000_000_000 << 32 &+ ticksPerSecond / 2) / ticksPerSecond
    unsafe callCapacity = Int(startup.pointee.call_capacity)
    unsafe calls = UnsafeMutablePointer(bitPattern: UInt(startup.pointee.calls)).unsafelyUnwrapped
    unsafe events = UnsafePointer(bitPattern: UInt(startup.pointee.events)).unsafelyUnwrapped
    unsafe vectors = .allocate(capacity: Self.vectorCapacity)
  }

  // SAFETY: written once, by `start`, before the application's first line.
  nonisolated(unsafe) private static var storage: UnsafeMutablePointer<Core>?

  /// The state of the core this runs on.
  static var current: Core {
    // SAFETY: `start` has made it.
    @inline(__always)
    unsafeAddress { unsafe UnsafePointer(storage.unsafelyUnwrapped) }
    @inline(__always)
    unsafeMutableAddress { unsafe storage.unsafelyUnwrapped }
  }

  /// Makes the state of the core this runs on, from what the kernel says about it.
  fileprivate static func start(_ startup: UnsafePointer<StartupPage>) {
    let core = UnsafeMutablePointer<Core>.allocate(capacity: 1)
    unsafe core.initialize(to: Core(startup))
    unsafe storage = unsafe core
  }

  /// Event `index` of this cycle.
  @inline(__always)
  func event(_ index: Int) -> Event {
    // SAFETY: the caller stays below the count that `poll` returned.
    unsafe Event(events + index)
  }

  /// Adds a call to the batch; one that is full goes to the kernel first.
  @inline(__always)
  mutating func issue(_ call: CallDescriptor) {
    if callCount == callCapacity { flush() }
    // SAFETY: there is room now.
    unsafe calls[callCount] = call
    callCount &+= 1
  }

  /// Adds a call of which the kernel looks at these fields only.
  @inline(__always)
  mutating func issue(
    _ operation: Operation, handle: UInt64, cookie: UInt64 = 0, address: UInt64 = 0,
    byteCount: UInt64, buffer: UInt32 = 0
  ) {
    if callCount == callCapacity { flush() }
    // SAFETY: there is room now.
    let call = unsafe calls + callCount
    unsafe call.pointee.operation = operation.rawValue
    unsafe call.pointee.vector_count = 0
    unsafe call.pointee.handle = handle
    unsafe call.pointee.cookie = cookie
    unsafe call.pointee.address = address
    unsafe call.pointee.byte_count = byteCount
    unsafe call.pointee.buffer = buffer
    callCount &+= 1
  }

  /// Room for `count` vectors that stay until the batch has run; at most `IX_VECTOR_LIMIT`.
  mutating func reserveVectors(_ count: Int) {
    if vectorCount &+ count > Self.vectorCapacity || callCount == callCapacity { flush() }
  }

  /// Stores a reserved vector and returns its address.
  mutating func append(_ vector: VectorDescriptor) -> UInt64 {
    precondition(vectorCount < Self.vectorCapacity)
    // SAFETY: the index was checked.
    unsafe vectors[vectorCount] = vector
    vectorCount &+= 1
    return unsafe UInt64(UInt(bitPattern: vectors + (vectorCount &- 1)))
  }

  /// Runs the batch and one cycle of the dataplane; returns how many events there are.
  mutating func poll(letsConnectionsGo: Bool) -> Int {
    sendDirtySessions()
    if firstDirty != Slab<Session>.none {
      // What depends on the results of these calls, such as a FIN, does not wait for an event.
      flush()
      sendDirtySessions()
    }
    let flags = IX_POLL_MERGES_SENT | (letsConnectionsGo ? IX_POLL_LETS_CONNECTIONS_GO : 0)
    let eventCount = systemCall(.poll, UInt64(truncatingIfNeeded: callCount), UInt64(flags))
    precondition(eventCount >= 0, "the kernel refused to poll")
    finishBatch()
    return Int(truncatingIfNeeded: eventCount)
  }

  @inline(never)
  private mutating func flush() {
    let status = systemCall(.flush, UInt64(callCount), 0)
    precondition(status >= 0, "the kernel refused a batch")
    finishBatch()
  }

  /// Runs `call` at once, after the batch; its result.
  mutating func perform(_ call: CallDescriptor) -> Int64 {
    if callCount > 0 { flush() }
    issue(call)
    flush()
    // SAFETY: it was the only call of the batch; the kernel has written its result.
    return unsafe calls[0].result
  }

  /// Looks at what became of the calls: nearly always what was to be expected.
  private mutating func finishBatch() {
    let count = callCount
    callCount = 0
    vectorCount = 0
    batch = batch == .max ? 1 : batch &+ 1
    var index = 0
    while index < count {
      // SAFETY: `count` calls were issued.
      let call = unsafe calls + index
      index &+= 1
      if unsafe call.pointee.result == Int64(bitPattern: call.pointee.byte_count) { continue }
      let operation = unsafe call.pointee.operation
      if operation == Operation.tcpReceiveDone.rawValue { continue }
      unsafe finish(call.pointee)
    }
  }

  /// Looks at a call whose result is not the number of bytes it came with.
  @inline(never)
  private mutating func finish(_ call: CallDescriptor) {
    if call.operation == Operation.tcpSendReceived.rawValue {
      finishReturned(call)
    } else if call.operation == Operation.tcpSend.rawValue {
      finishPartialSend(call)
    } else if call.result < 0, call.operation == Operation.udpSend.rawValue {
      finishDatagram(cookie: call.cookie)
    }
  }
}

/// What `ix_start` calls before the application's first line.
#if hasFeature(Embedded)
  @c(ix_library_start)
  func startLibrary(_ startup: UnsafePointer<StartupPage>?) {
    guard let startup = unsafe startup else { fatalError("started without a kernel") }
    unsafe Core.start(startup)
  }
#endif

/// Direct system call.
@inline(__always)
func systemCall(_ call: SystemCall, _ a: UInt64, _ b: UInt64) -> Int64 {
  ix_system_call(call.rawValue, a, b)
}
