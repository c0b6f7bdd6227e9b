/// One thread that keeps many connections busy with a workload. Exchanges become due by a pace; each
/// goes to the connection that has been idle longest, and waits if there is none.
struct Engine<Load: Workload> {
  typealias Peer = Client<Load.Exchange>

  let options: ConnectionOptions
  var workload: Load
  var poller: Poller
  var dialler: Dialler
  var clients: [Peer] = []
  var idle = Queue<Int>()
  /// When exchanges that wait for a connection were due.
  var due = Queue<UInt64>()
  /// Exchanges that are under way.
  var busyCount = 0
  var connectingCount = 0
  var record = Record(start: 0)
  /// Exchanges finished in all runs.
  private(set) var finishedInAll = 0
  var pace = Pace(limit: 0, seconds: 0)
  /// Exchanges that have become due, and the time after which none does.
  var dueCount = 0
  var deadline: UInt64 = 0
  var buffer = [UInt8](repeating: 0, count: 1 << 18)

  /// Connects to `target`; every connection is established when this returns.
  init(_ options: ConnectionOptions, to target: Endpoint, _ workload: Load) throws {
    self.options = options
    self.workload = workload
    try allowSockets(options.connections)
    poller = try Poller()
    dialler = try Dialler(options, to: target)
    try openAll()
  }

  /// Lets exchanges become due by `pace` and returns when all that were have been finished.
  mutating func run(_ pace: Pace) throws -> Record {
    self.pace = pace
    dueCount = 0
    let start = monotonicNanoseconds()
    record = Record(start: start)
    deadline = start + UInt64(seconds: pace.seconds)
    if let concurrency = pace.concurrency {
      try runClosedLoop(min(concurrency, options.connections))
    } else {
      try runOpenLoop()
    }
    return record
  }

  private mutating func runClosedLoop(_ concurrency: Int) throws {
    for _ in 0..<concurrency { becomeDue(at: monotonicNanoseconds()) }
    try dispatch()
    while busyCount > 0 || !due.isEmpty { try step(timeout: options.patience * 1000) }
    record.end = monotonicNanoseconds()
  }

  private mutating func runOpenLoop() throws {
    var arrivals = Arrivals(from: record.start, perSecond: pace.rate, seed: options.seed)
    var now = record.start
    let end = deadline + UInt64(seconds: Pace.afterRunSeconds)
    while now < deadline || (now < end && (busyCount > 0 || !due.isEmpty)) {
      while arrivals.next <= now, arrivals.next < deadline {
        becomeDue(at: arrivals.next)
        arrivals.advance()
      }
      try dispatch()
      // The system's timers are too coarse for less than a millisecond.
      let wait = arrivals.next < deadline && arrivals.next > now ? arrivals.next - now : 0
      try step(timeout: Int32(clamping: min(wait / 1_000_000, 100)), orFail: false)
      now = monotonicNanoseconds()
    }
    record.end = deadline
    recordUnfinished(at: now)
  }

  /// What was due and has not been finished has taken at least until now: leaving it out would make
  /// an overloaded server look quick.
  private mutating func recordUnfinished(at now: UInt64) {
    while let time = due.popFirst() { recordUnfinished(since: time, at: now) }
    for client in clients where client.state == .busy {
      recordUnfinished(since: client.dueAt, at: now)
    }
  }

  private mutating func recordUnfinished(since time: UInt64, at now: UInt64) {
    record.unfinished += 1
    record.latencies.record(now - time)
  }

  private mutating func becomeDue(at time: UInt64) {
    guard dueCount < pace.limit ?? .max, time < deadline else { return }
    dueCount += 1
    due.append(time)
  }

  /// Begins what is due on connections that are idle.
  mutating func dispatch() throws {
    while !due.isEmpty, let index = idle.popFirst() {
      guard let time = due.popFirst() else { return }
      try begin(index, dueAt: time)
    }
  }

  private mutating func begin(_ index: Int, dueAt time: UInt64) throws {
    clients[index].state = .busy
    clients[index].dueAt = time
    clients[index].sent = 0
    clients[index].request.removeAll(keepingCapacity: true)
    clients[index].exchange = workload.begin(&clients[index].request)
    busyCount += 1
    try write(index)
  }

  /// Called when all of an answer has come.
  mutating func finish(_ index: Int) throws {
    let now = monotonicNanoseconds()
    busyCount -= 1
    finishedInAll += 1
    record.latencies.record(now - clients[index].dueAt)
    // An open loop's rate is what was finished while load was offered.
    if pace.concurrency != nil || now < deadline, let exchange = clients[index].exchange {
      record.finished += 1
      record.byteCount += workload.byteCount(of: exchange)
    }
    clients[index].exchange = nil
    clients[index].exchangesLeft -= 1
    if clients[index].exchangesLeft == 0 {
      try leave(index)
    } else {
      clients[index].state = .idle
      idle.append(index)
    }
    if pace.concurrency != nil { becomeDue(at: now) }
    try dispatch()
  }
}
