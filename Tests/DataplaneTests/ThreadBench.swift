import IXABI
import Network
import Packets
import TCP
import TestSupport
import Wire

@testable import Dataplane

/// A core on which no time passes.
struct StoppedCore: ProcessorCore {
  private(set) var relaxCount = 0
  func now() -> Instant { Instant(nanoseconds: 0) }
  mutating func relax() { relaxCount += 1 }
  func sleep(until deadline: Instant, now: Instant) {}
  private(set) var printCount = 0
  private(set) var stopCount = 0
  mutating func printStatistics(of metrics: ThreadMetrics, busy: Interval) { printCount += 1 }
  mutating func stop() { stopCount += 1 }
}

/// An elastic thread with memory of its own and a device whose wire is the test.
struct ThreadBench: ~Copyable {
  static let receiveWindow = UserAddress(0x20_0000_0000)
  static let heap = UserAddress(0x10_0000_0000)
  static let bufferCount = 64

  private let arena = TestMemory(byteCount: 8 << 20)
  private let buffers = TestMemory(byteCount: bufferCount * PacketPool.bufferByteCount)
  private let callMemory = TestMemory(byteCount: 64 * 64)
  private let eventMemory: TestMemory
  let heapMemory = TestMemory(byteCount: 1 << 16)
  /// What the host sees.
  let controlMemory = TestMemory(byteCount: ControlBlock.byteCount)
  let captureMemory = TestMemory(byteCount: 1 << 14)
  private let regionStorage = TestMemory(byteCount: UserMemory.storageByteCount)
  var thread: ElasticThread<RecordingDevice, NewReno>

  init(address: IPv4Address, hardware: MACAddress, batchBound: Int = 64, eventCount: Int = 64) {
    eventMemory = TestMemory(byteCount: eventCount * 64)
    var arena = arena.arena
    var memory = UserMemory(storage: regionStorage.region)
    let regions = [
      UserMemory.Region(base: Self.receiveWindow, memory: buffers.region, isWritable: false),
      UserMemory.Region(base: Self.heap, memory: heapMemory.region, isWritable: true),
    ]
    for region in regions { precondition(memory.add(region)) }
    var configuration = Configuration()
    configuration.connectionCount = 16
    guard let pool = PacketPool(memory: buffers.region, arena: &arena),
      let tcp = Endpoint<NewReno>(
        configuration: configuration, secret: (1, 2), now: Instant(nanoseconds: 0), arena: &arena),
      let stack = NetworkStack(
        configuration: InterfaceConfiguration(address: address, prefixLength: 24), tcp: tcp,
        bufferCount: Self.bufferCount, arena: &arena),
      let timers = UserTimers(count: 8, now: Instant(nanoseconds: 0), arena: &arena)
    else { fatalError("the arena is too small") }
    var device = RecordingDevice()
    device.macAddress = hardware
    controlMemory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let place = CaptureRing.Place(memory: captureMemory.region, physicalAddress: 4096)
    thread = ElasticThread(
      device: device, pool: pool, stack: stack, calls: CallArray(memory: callMemory.region),
      events: EventArray(memory: eventMemory.region, receiveWindow: Self.receiveWindow),
      timers: timers, memory: memory,
      control: ControlBlock(memory: controlMemory.region, captureRing: place),
      captureRing: CaptureRing(place), batchBound: batchBound, now: Instant(nanoseconds: 0))
  }

  /// Issues `calls` and takes one turn of the cycle; the events.
  mutating func turn(_ calls: [CallDescriptor] = [], at now: Instant) -> [EventDescriptor] {
    let array = callMemory.bytes.bindMemory(to: CallDescriptor.self)
    for (index, call) in calls.enumerated() { array[index] = call }
    thread.begin(callCount: calls.count, now: now)
    let count = thread.cycle(now: now)
    return Array(eventMemory.bytes.bindMemory(to: EventDescriptor.self)[..<count])
  }

  /// What call `index` of the last turn came to.
  func result(_ index: Int = 0) -> Int64 {
    callMemory.bytes.bindMemory(to: CallDescriptor.self)[index].result
  }

  /// The bytes an event lends.
  func bytes(of event: EventDescriptor) -> [UInt8] {
    let offset = Int(event.address - Self.receiveWindow.rawValue)
    return Array(buffers.bytes[offset..<(offset + Int(event.byte_count))])
  }
}

/// Two elastic threads on one wire.
struct ThreadPair: ~Copyable {
  var client = ThreadBench(
    address: IPv4Address(10, 0, 0, 1), hardware: MACAddress(0x0200_0000_0001))
  var server: ThreadBench
  var now = Instant(nanoseconds: 1_000_000_000)

  init(batchBound: Int = 64, eventCount: Int = 64) {
    server = ThreadBench(
      address: IPv4Address(10, 0, 0, 2), hardware: MACAddress(0x0200_0000_0002),
      batchBound: batchBound, eventCount: eventCount)
  }

  /// Moves every frame that was sent to the other side.
  mutating func carry() {
    now = now + .microseconds(50)
    for frame in client.thread.device.inner.takeSent() {
      server.thread.device.inner.arrive(frame.bytes)
    }
    for frame in server.thread.device.inner.takeSent() {
      client.thread.device.inner.arrive(frame.bytes)
    }
  }

  /// Takes turns until nothing happens any more; the events of both sides.
  mutating func settle() -> (client: [EventDescriptor], server: [EventDescriptor]) {
    var events: (client: [EventDescriptor], server: [EventDescriptor]) = ([], [])
    for _ in 0..<8 {
      events.client += client.turn(at: now)
      events.server += server.turn(at: now)
      carry()
    }
    return events
  }

  /// Opens a connection to the server's port 7 and accepts it; both handles.
  mutating func connect() -> (client: UInt64, server: UInt64) {
    precondition(server.thread.listen(port: 7) == .ok)
    var call = CallDescriptor(.tcpConnect)
    call.remote_address = IPv4Address(10, 0, 0, 2).rawValue
    call.remote_port = 7
    _ = client.turn([call], at: now)
    let handle = UInt64(client.result())
    carry()
    let events = settle()
    guard let knock = events.server.first(where: { $0.kind == EventKind.tcpKnock.rawValue })
    else { fatalError("nobody knocked") }
    var accept = CallDescriptor(.tcpAccept, handle: knock.handle)
    accept.cookie = 4711
    _ = server.turn([accept], at: now)
    precondition(server.result() == 0)
    return (handle, knock.handle)
  }
}

extension CallDescriptor {
  init(_ operation: Operation, handle: UInt64 = 0, address: UInt64 = 0, byteCount: UInt64 = 0) {
    self.init()
    self.operation = operation.rawValue
    self.handle = handle
    self.address = address
    byte_count = byteCount
  }
}
