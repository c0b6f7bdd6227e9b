/// Flows that only send or only receive.
struct BulkEngine {
  private struct Flow {
    let socket: Socket
    var byteCount = 0
    var isConnected = false
    var isOpen = true
  }

  private let direction: BulkLoad.Direction
  private let patience: Int32
  private var poller: Poller
  private var flows: [Flow] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  /// Byte n is n modulo 256; from any of the first 256 there is as much as `buffer` holds.
  private let pattern: [UInt8]
  private var openCount: Int
  private(set) var seconds = 0.0
  var byteCount: Int { flows.reduce(0) { $0 + $1.byteCount } }

  init(
    _ options: ConnectionOptions, to target: Endpoint, _ direction: BulkLoad.Direction
  ) throws {
    self.direction = direction
    patience = options.patience
    pattern = (0..<buffer.count + 256).map { UInt8(truncatingIfNeeded: $0) }
    openCount = options.connections
    poller = try Poller()
    var dialler = try Dialler(options, to: target)
    for index in 0..<options.connections {
      flows.append(Flow(socket: try dialler.dial()))
      try poller.add(flows[index].socket, tag: index, writing: true)
    }
  }

  /// Moves bytes for so long. Sending ends when the server has read all and closed.
  mutating func run(seconds limit: Double) throws {
    let start = monotonicNanoseconds()
    let deadline = start + UInt64(seconds: limit)
    while openCount > 0 {
      let isOver = monotonicNanoseconds() >= deadline
      if isOver, direction == .down { break }
      let ready = try poller.wait(timeout: patience * 1000)
      guard !ready.isEmpty else { throw LoadError("nothing for \(patience) s") }
      for flow in ready { try handle(flow, isOver: isOver) }
    }
    seconds = Double(monotonicNanoseconds() - start) / 1e9
    for flow in flows where flow.isOpen { flow.socket.reset() }
  }

  private mutating func handle(_ ready: Poller.Readiness, isOver: Bool) throws {
    let index = ready.tag
    if ready.isWritable, !flows[index].isConnected {
      try flows[index].socket.checkConnected()
      flows[index].isConnected = true
      if direction == .down { try poller.modify(flows[index].socket, tag: index, writing: false) }
    }
    switch direction {
    case .up:
      if ready.isWritable { try send(index, isOver: isOver) }
      if ready.isReadable { try awaitEnd(index, isOver: isOver) }
    case .down: if ready.isReadable { try receive(index) }
    }
  }

  private mutating func send(_ index: Int, isOver: Bool) throws {
    let socket = flows[index].socket
    guard !isOver else {
      socket.finishSending()
      return try poller.modify(socket, tag: index, writing: false)
    }
    flows[index].byteCount += try socket.send(pattern, from: flows[index].byteCount & 255)
  }

  private mutating func awaitEnd(_ index: Int, isOver: Bool) throws {
    guard let count = try flows[index].socket.receive(into: &buffer) else { return }
    guard count == 0, isOver else { throw LoadError("a server that discards sent or closed early") }
    flows[index].socket.close()
    flows[index].isOpen = false
    openCount -= 1
  }

  private mutating func receive(_ index: Int) throws {
    guard let count = try flows[index].socket.receive(into: &buffer) else { return }
    guard count > 0 else { throw LoadError("the server closed") }
    let start = flows[index].byteCount & 255
    guard areEqual(buffer[..<count], pattern[start..<start + count]) else {
      throw LoadError("a wrong byte after \(flows[index].byteCount) bytes")
    }
    flows[index].byteCount += count
  }
}
