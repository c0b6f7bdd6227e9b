import CIX
import CIXABI
import IXABI

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
  var sessions = Slab<Session>(minimumCapacity: 64)
  var chunks = Slab<Chunk>(minimumCapacity: 256)
  /// Sessions with something to send, linked by `Session.nextDirty`.
  var firstDirty = Slab<Session>.none
  /// Loans whose bytes were acknowledged and whose owner was not told yet.
  var returnedLoans: [UInt64] = []
  /// Told apart by every use of a session's number.
  var nextGeneration: UInt32 = 1
  /// The generation of each timer that runs, zero for one that does not.
  var timers = Slab<UInt32>(minimumCapacity: 64)
  var nextTimerGeneration: UInt32 = 1
  /// What the kernel said at the start.
  let startup: StartupPage

  private static var vectorCapacity: Int { 1024 }

  private init(_ startup: UnsafePointer<StartupPage>) {
    // SAFETY: the kernel describes arrays it has mapped for the life of the application.
    unsafe self.startup = startup.pointee
    unsafe callCapacity = Int(startup.pointee.call_capacity)
    unsafe calls = UnsafeMutablePointer(bitPattern: UInt(startup.pointee.calls)).unsafelyUnwrapped
    unsafe events = UnsafePointer(bitPattern: UInt(startup.pointee.events)).unsafelyUnwrapped
    unsafe vectors = .allocate(capacity: Self.vectorCapacity)
  }

  // SAFETY: written once, before any other use, on the only core.
  nonisolated(unsafe) private static var storage: UnsafeMutablePointer<Core>?

  /// The state of the core this runs on.
  static var current: Core {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    unsafeMutableAddress { unsafe pointer }
  }

  private static var pointer: UnsafeMutablePointer<Core> {
    if let existing = unsafe storage { return unsafe existing }
    guard let startup = unsafe ix_startup_page() else { fatalError("started without a kernel") }
    let created = UnsafeMutablePointer<Core>.allocate(capacity: 1)
    unsafe created.initialize(to: Core(startup))
    unsafe storage = unsafe created
    return unsafe created
  }

  /// A copy of event `index` of this cycle.
  @inline(__always)
  func event(_ index: Int) -> EventDescriptor {
    // SAFETY: the caller stays below the count that `poll` returned.
    unsafe events[index]
  }

  /// Adds a call to the batch; one that is full goes to the kernel first.
  @inline(__always)
  mutating func issue(_ call: CallDescriptor) {
    if callCount == callCapacity { flush() }
    // SAFETY: there is room now.
    unsafe calls[callCount] = call
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
  mutating func poll() -> Int {
    sendDirtySessions()
    let eventCount = systemCall(
      .poll, UInt64(callCount), UInt64(IX_POLL_MERGES_SENT))
    precondition(eventCount >= 0, "the kernel refused to poll")
    finishBatch()
    return Int(eventCount)
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

  /// Looks at what became of the calls.
  private mutating func finishBatch() {
    let count = callCount
    callCount = 0
    vectorCount = 0
    for index in 0..<count {
      // SAFETY: `count` calls were issued.
      if unsafe calls[index].operation == Operation.tcpSendReceived.rawValue {
        let isTaken = unsafe calls[index].result == Int64(bitPattern: calls[index].byte_count)
        if !isTaken { unsafe finishReturned(calls[index]) }
        continue
      }
      let call = unsafe calls[index]
      if call.operation == Operation.tcpSend.rawValue {
        finishSend(call)
      } else if call.result < 0, call.operation == Operation.udpSend.rawValue {
        finishDatagram(cookie: call.cookie)
      }
    }
  }
}

/// Direct system call.
@inline(__always)
func systemCall(_ call: SystemCall, _ a: UInt64, _ b: UInt64) -> Int64 {
  ix_system_call(call.rawValue, a, b)
}
