import Glibc

/// The event loop of `EchoLoad`: one thread, epoll, no copies beyond the sockets'.
struct EchoEngine {
  /// One connection and the message on its way.
  private struct Client {
    let socket: Int32
    /// Where in the pattern the message begins.
    var offset = 0
    var byteCount = 0
    var sent = 0
    var received = 0
    var startedAt = 0.0
    var isWriteArmed = false
    var isDone = false
  }

  private let options: EchoLoad
  private var poller: Poller
  private var clients: [Client] = []
  private var random: SplitMix64
  private var started = 0
  private var open = 0
  private(set) var completed = 0
  private(set) var completedBytes = 0
  private(set) var latencies: [Double] = []
  /// Bytes with a prime period, long enough to take any message from it without wrapping.
  private let pattern: [UInt8]
  private static let period = 65_521
  private var buffer: [UInt8]

  init(_ options: EchoLoad) throws {
    self.options = options
    random = SplitMix64(state: options.seed)
    pattern = Self.makePattern(byteCount: Self.period + options.maximumSize)
    buffer = [UInt8](repeating: 0, count: 1 << 18)
    poller = try Poller()
    latencies.reserveCapacity(options.messages)
    for _ in 0..<options.connections { try connect() }
  }

  private static func makePattern(byteCount: Int) -> [UInt8] {
    var random = SplitMix64(state: 0x1234_5678)
    var bytes = (0..<period).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    while bytes.count < byteCount { bytes.append(bytes[bytes.count - period]) }
    return bytes
  }

  private mutating func connect() throws {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw LoadError(call: "socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = options.port.bigEndian
    guard unsafe inet_pton(AF_INET, options.address, &address.sin_addr) == 1 else {
      throw LoadError("\(options.address): not an IPv4 address")
    }
    let status = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw LoadError(call: "connect to \(options.address)") }
    var one: Int32 = 1
    unsafe setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    guard fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else { throw LoadError(call: "fcntl") }
    clients.append(Client(socket: socket))
    try poller.add(socket, tag: clients.count - 1)
    open += 1
  }

  /// Runs until every message has come back or the time is over.
  mutating func run(until deadline: Double) throws {
    for index in clients.indices { try startMessage(index) }
    while open > 0, monotonicSeconds() < deadline {
      let ready = try poller.wait(timeout: options.patience * 1000)
      guard !ready.isEmpty else {
        throw LoadError("no byte for \(options.patience) s, \(completed) messages done")
      }
      for client in ready {
        if client.isWritable { try write(client.tag) }
        if client.isReadable { try read(client.tag) }
      }
    }
  }

  private mutating func startMessage(_ index: Int) throws {
    guard started < options.messages else {
      clients[index].isDone = true
      close(clients[index].socket)
      open -= 1
      return
    }
    started += 1
    let span = UInt64(options.maximumSize - options.minimumSize + 1)
    clients[index].offset = Int(random.next() % UInt64(Self.period))
    clients[index].byteCount = options.minimumSize + Int(random.next() % span)
    clients[index].sent = 0
    clients[index].received = 0
    clients[index].startedAt = monotonicSeconds()
    try write(index)
  }

  private mutating func write(_ index: Int) throws {
    let client = clients[index]
    var sent = client.sent
    while sent < client.byteCount {
      let count = unsafe pattern.withUnsafeBytes {
        unsafe send(
          client.socket, $0.baseAddress! + client.offset + sent, client.byteCount - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        guard errno == EAGAIN else { throw LoadError(call: "send on connection \(index)") }
        break
      }
      sent += count
    }
    clients[index].sent = sent
    let isBlocked = sent < client.byteCount
    guard isBlocked != client.isWriteArmed else { return }
    clients[index].isWriteArmed = isBlocked
    try poller.modify(client.socket, tag: index, writing: isBlocked)
  }

  private mutating func read(_ index: Int) throws {
    while !clients[index].isDone {
      let count = unsafe recv(clients[index].socket, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else {
        throw count == 0
          ? LoadError("connection \(index) was closed by the server")
          : LoadError(call: "recv on connection \(index)")
      }
      try check(index, count)
      guard clients[index].received == clients[index].byteCount else { continue }
      latencies.append(monotonicSeconds() - clients[index].startedAt)
      completed += 1
      completedBytes += clients[index].byteCount
      try startMessage(index)
    }
  }

  private mutating func check(_ index: Int, _ count: Int) throws {
    let client = clients[index]
    guard client.received + count <= client.sent else {
      throw LoadError("connection \(index): more bytes came back than were sent")
    }
    let isEqual = unsafe pattern.withUnsafeBytes { expected in
      unsafe buffer.withUnsafeBytes { received in
        unsafe memcmp(
          expected.baseAddress! + client.offset + client.received, received.baseAddress!, count)
          == 0
      }
    }
    guard isEqual else {
      throw LoadError(
        "connection \(index): wrong byte in message byte \(client.received)..<\(count)")
    }
    clients[index].received += count
  }
}

/// A small seeded generator (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
