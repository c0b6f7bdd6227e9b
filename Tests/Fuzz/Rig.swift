import IXABI
import Network
import Packets
import TCP
import Wire

/// A stack with an established connection to an honest peer, the witness, who must notice nothing,
/// and one to an attacker, whose every word is made of the fuzzer's input.
///
/// Plain values and what they have carved from one piece of memory: `Snapshot` relies on that.
struct Rig: ~Copyable {
  static let hardware = MACAddress(0x0200_0000_0001)
  static let address = IPv4Address(10, 0, 0, 2)
  static let attacker = IPv4Address(10, 0, 0, 9)
  static let witness = IPv4Address(10, 0, 0, 77)
  static let peerHardware = MACAddress(0x0200_0000_0009)
  static let port: UInt16 = 7
  static let bufferCount = 64
  /// The attacker's first sequence number; our own are the same in every run.
  static let attackerInitial: UInt32 = 0xFFFF_F000

  /// What the application sends from.
  static let applicationByteCount = 1 << 16

  private let bufferMemory: UnsafeMutableRawBufferPointer
  let applicationMemory: UnsafeMutableRawBufferPointer
  var pool: PacketPool
  var stack: NetworkStack<NewReno>
  var device: FuzzDevice
  var application = FuzzApplication()
  var now = Instant(nanoseconds: 1_000_000_000_000)
  /// The honest connection and the attacker's first one.
  private(set) var witnessHandle = Handle(rawValue: 0)
  private(set) var attackerHandle = Handle(rawValue: 0)
  private var witnessNext: UInt32 = 5000
  private var witnessAcknowledged: UInt32 = 0
  private let initialElements: Int
  private let initialSegments: Int

  static var configuration: Configuration {
    var configuration = Configuration()
    configuration.connectionCount = 12
    configuration.backlog = 6
    configuration.sendElementCount = 48
    configuration.sendElementLimit = 16
    configuration.sentSegmentCount = 96
    configuration.sentSegmentLimit = 32
    configuration.receiveWindow = 16 << 10
    configuration.bufferLimit = 12
    configuration.reassemblyLimit = 8
    configuration.reservedBufferCount = 4
    configuration.userTimeout = .seconds(20)
    return configuration
  }

  /// A rig in `memory`, of which `remainingByteCount` bytes are then left.
  init(in memory: UnsafeMutableRawBufferPointer, remainingByteCount: inout Int) {
    bufferMemory = .allocate(
      byteCount: Self.bufferCount * PacketPool.bufferByteCount, alignment: 4096)
    applicationMemory = .allocate(byteCount: Self.applicationByteCount, alignment: 4096)
    device = FuzzDevice()
    var arena = Arena(unowned: memory)
    var interface = InterfaceConfiguration(address: Self.address, prefixLength: 24)
    interface.neighbourSetCount = 2
    let region = MemoryRegion(
      base: KernelAddress(of: bufferMemory.baseAddress!), byteCount: bufferMemory.count)
    guard let pool = PacketPool(memory: region, arena: &arena),
      let endpoint = Endpoint<NewReno>(
        configuration: Self.configuration, secret: (1, 2), now: now, arena: &arena),
      let stack = NetworkStack(
        configuration: interface, tcp: endpoint, bufferCount: Self.bufferCount, arena: &arena)
    else { fatalError("the arena is too small") }
    remainingByteCount = arena.remainingByteCount
    self.pool = pool
    self.stack = stack
    initialElements = self.stack.tcp.freeElementCount
    initialSegments = self.stack.tcp.freeSegmentCount
    _ = self.stack.tcp.listen(port: Self.port)
    _ = self.stack.bind(Self.port)
    witnessHandle = establish(from: Self.witness, port: 1000, initial: witnessNext &- 1)
    witnessAcknowledged = device.latestInitial &+ 1
    attackerHandle = establish(from: Self.attacker, port: 1000, initial: Self.attackerInitial)
  }

  /// A segment from `source` to our port, without going through a frame.
  mutating func receive(
    _ flags: TCPFlags, from source: IPv4Address, port: UInt16, sequence: UInt32,
    acknowledgment: UInt32, window: UInt16 = 60_000, byteCount: Int = 0,
    options: TCPOptions = TCPOptions()
  ) {
    guard let buffer = pool.allocate() else { return }
    let flow = Flow(
      localAddress: Self.address, remoteAddress: source, localPort: Self.port, remotePort: port)
    stack.tcp.receive(
      IncomingSegment(
        flow: flow, sequence: SequenceNumber(sequence),
        acknowledgment: SequenceNumber(acknowledgment), window: window, flags: flags,
        payloadOffset: 54, payloadByteCount: UInt16(byteCount), options: options),
      buffer: buffer, now: now, completedTransmissions: device.completedTransmissionCount,
      pool: &pool)
  }

  /// A frame, as the device would hand it over; `prepare` may change it where it lies, or say that
  /// it does not arrive.
  mutating func receive(
    _ bytes: UnsafeRawBufferPointer, isChecksumVerified: Bool,
    prepare: (UnsafeMutableRawBufferPointer) -> Bool = { _ in true }
  ) {
    guard let buffer = pool.allocate() else { return }
    let start = pool.pointer(to: buffer.index) + 12
    let byteCount = min(bytes.count, PacketPool.bufferByteCount - 12)
    if let base = bytes.baseAddress { start.copyMemory(from: base, byteCount: byteCount) }
    guard prepare(UnsafeMutableRawBufferPointer(start: start, count: byteCount)) else {
      return pool.release(buffer)
    }
    stack.receive(
      ReceivedFrame(
        buffer: buffer, offset: 12, byteCount: byteCount, isChecksumVerified: isChecksumVerified),
      now: now, pool: &pool, device: &device)
  }

  private mutating func establish(
    from source: IPv4Address, port: UInt16, initial: UInt32
  ) -> Handle {
    introduce(source)
    var options = TCPOptions()
    options.maximumSegmentByteCount = 1000
    options.windowScale = 2
    options.isSACKPermitted = true
    receive(
      .syn, from: source, port: port, sequence: initial, acknowledgment: 0, options: options)
    transmit()
    receive(
      .ack, from: source, port: port, sequence: initial &+ 1,
      acknowledgment: device.latestInitial &+ 1)
    stack.deliver(into: &application, pool: &pool)
    guard let handle = application.knocks.popFirst() else { fatalError("nobody knocked") }
    _ = stack.tcp.accept(handle, cookie: 1)
    return handle
  }

  /// An ARP request from `source`, from which we learn its link address.
  mutating func introduce(_ source: IPv4Address) {
    let packet = ARPPacketFields(
      operation: .request, senderHardware: Self.peerHardware, senderAddress: source,
      targetHardware: MACAddress(0), targetAddress: Self.address)
    let link = EthernetHeaderFields(
      destination: Self.hardware, source: Self.peerHardware, type: .arp)
    withUnsafeTemporaryAllocation(byteCount: 42, alignment: 4) { bytes in
      var span = MutableRawSpan(_unsafeBytes: bytes)
      link.emit(into: &span)
      packet.emit(into: &span, at: EthernetHeader.byteCount)
      receive(UnsafeRawBufferPointer(bytes), isChecksumVerified: false)
    }
  }
}

// Time and the end of a run.
extension Rig {
  /// Sends what is due, answering for peers that are looked for.
  mutating func transmit() {
    stack.transmit(now: now, device: &device, pool: &pool)
    guard device.asked == Self.witness || device.asked == Self.attacker else { return }
    introduce(device.asked)
    device.asked = .any
  }

  /// One cycle: the device finishes, timers run, events are delivered and handled.
  mutating func cycle(echoing: Bool) {
    device.reclaim(&pool)
    stack.expire(now: now, pool: &pool)
    application.makeRoom()
    stack.deliver(into: &application, pool: &pool)
    while let handle = application.knocks.popFirst() { _ = stack.tcp.accept(handle, cookie: 2) }
    giveBack(echoing: echoing)
    while let handle = application.closed.popFirst() {
      _ = stack.tcp.close(handle, now: now, pool: &pool)
    }
    transmit()
  }

  mutating func giveBack(echoing: Bool) {
    while let item = application.held.popFirst() {
      if echoing, item.handle != witnessHandle {
        let address = pool.address(of: item.buffer) + item.offset
        _ = stack.tcp.send(
          item.handle, Fragment(address: address, byteCount: item.byteCount), pool: &pool)
      }
      let status = stack.tcp.receiveDone(
        item.handle, buffer: item.buffer, byteCount: item.byteCount, pool: &pool)
      require(status == .ok, "a lent buffer could not be returned")
    }
    while let buffer = application.datagrams.popFirst() {
      _ = stack.datagramReceiveDone(buffer: buffer, pool: &pool)
    }
  }

  /// The witness says something more; it must arrive and be acknowledged, at the latest when the
  /// attacker's connections have run into their limits.
  mutating func checkWitness() {
    let expected = witnessNext &+ 4
    let limit = now + Self.patience
    while now < limit {
      receive(
        .ack | .psh, from: Self.witness, port: 1000, sequence: witnessNext,
        acknowledgment: witnessAcknowledged, byteCount: 4)
      cycle(echoing: false)
      if device.witnessAcknowledgment == expected {
        witnessNext = expected
        return
      }
      waitForTimer()
    }
    fatalError("the witness was disturbed")
  }

  /// Ends every connection; everything must be back where it was.
  mutating func finish() {
    cycle(echoing: false)
    for index in 0..<UInt32(stack.tcp.connections.count) {
      _ = stack.tcp.abort(stack.tcp.handle(of: index), pool: &pool)
    }
    let limit = now + Self.patience
    var cycleCount = 0
    repeat {
      cycle(echoing: false)
      if stack.tcp.openConnectionCount == 0, pool.freeCount == pool.count { break }
      waitForTimer()
      cycleCount += 1
      require(cycleCount < 10_000, "timers do not come to an end")
    } while now < limit
    require(stack.tcp.openConnectionCount == 0, "a connection never ended")
    require(pool.freeCount == pool.count, "a buffer leaked")
    require(
      stack.tcp.freeConnectionCount == Self.configuration.connectionCount, "a slot leaked")
    require(stack.tcp.freeElementCount == initialElements, "a send element leaked")
    require(stack.tcp.freeSegmentCount == initialSegments, "a segment record leaked")
  }

  /// By then every limit of the configuration has passed.
  private static var patience: Interval { .seconds(400) }

  /// Time passes until a connection's timer is due, without one until fragments are given up;
  /// at least a millisecond.
  private mutating func waitForTimer() {
    now = max(now + .milliseconds(1), stack.tcp.nextDeadline ?? now + .seconds(30))
  }
}
