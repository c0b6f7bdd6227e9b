import Drivers
import HostNetwork
import KVM
import Synchronization
import Wire

@testable import VMM

/// A router without KVM: remembers what would be routed.
final class FakeRouter: EventRouter {
  struct State {
    var messages: [KVMRoute] = []
    var doorbells: [UInt64] = []
    var interruptCount = 0
  }
  let state = Locked(State())

  func addInterrupts(_ count: Int) throws(KVMError) -> [Interrupt] {
    let first = state.withLock { state in
      defer { state.interruptCount += count }
      return state.interruptCount
    }
    return (first..<(first + count)).map {
      Interrupt(number: UInt32($0), event: try! Descriptor.event())
    }
  }

  func setMessages(_ messages: [KVMRoute], of owned: [Interrupt]) throws(KVMError) {
    state.withLock { state in
      state.messages.removeAll { route in owned.contains { $0.number == route.number } }
      state.messages += messages
    }
  }

  func setDoorbell(
    at address: UInt64, value: UInt16, signals event: Descriptor, isAssigned: Bool
  ) throws(KVMError) {
    state.withLock { state in
      if isAssigned {
        state.doorbells.append(address)
      } else {
        state.doorbells.removeAll { $0 == address }
      }
    }
  }

  var messages: [KVMRoute] { state.withLock { $0.messages } }
  var doorbells: [UInt64] { state.withLock { $0.doorbells } }
}

/// A back end that remembers what it was told.
final class FakeBackEnd: NetworkBackEnd {
  let state = Locked(State())
  let queuePairLimit: Int

  struct State {
    var activation: NetworkActivation?
    var steering: [ReceiveSteering] = []
    var stopCount = 0
  }

  init(pairs: Int = 1) { queuePairLimit = pairs }

  var features: VirtioFeatures {
    .networkChecksum | .networkGuestChecksum | .networkSegmentation | .indirectDescriptors
  }
  func start(_ activation: NetworkActivation) throws(SystemCallError) {
    state.withLock { $0.activation = activation }
  }
  func stop() {
    state.withLock { state in
      state.activation = nil
      state.stopCount += 1
    }
  }
  func steer(_ steering: ReceiveSteering) { state.withLock { $0.steering.append(steering) } }

  var activation: NetworkActivation? { state.withLock { $0.activation } }
  var steering: [ReceiveSteering] { state.withLock { $0.steering } }
  var stopCount: Int { state.withLock { $0.stopCount } }
}

/// A board with a network card (device 1) and a source of random numbers (device 2), and a guest
/// that does to them what it likes.
final class Rig {
  static let networkBase: UInt64 = 0xE000_0000
  static let entropyBase: UInt64 = 0xE000_8000

  let memory: GuestMemory
  let router = FakeRouter()
  let backEnd: FakeBackEnd
  let output = Locked<[UInt8]>([])
  var board: Board

  /// The card is connected to `backEnd` where one is given, else to one that only remembers.
  init(pairs: Int = 1, connectedTo other: (any NetworkBackEnd)? = nil) throws {
    let memory = try GuestMemory(byteCount: 1 << 20)
    self.memory = memory
    let backEnd = FakeBackEnd(pairs: pairs)
    self.backEnd = backEnd
    let router = router
    let output = output
    let network = NetworkDevice(address: MACAddress(0x0200_0000_0001), backEnd: other ?? backEnd)
    board = Board(
      functions: [
        try VirtioFunction(
          network, at: UInt32(Self.networkBase), memory: memory, router: router),
        try VirtioFunction(
          EntropyDevice(), at: UInt32(Self.entropyBase), memory: memory, router: router),
      ], console: { bytes in output.withLock { $0 += bytes } })
    for device in 1...2 { setConfiguration(device, 0x04, 0x0406, byteCount: 2) }
  }

  func read(_ address: UInt64, _ byteCount: Int) -> UInt64 {
    board.access(
      KVMAccess(space: .memory, address: address, byteCount: byteCount, isWrite: false))
  }

  func write(_ address: UInt64, _ byteCount: Int, _ value: UInt64) {
    _ = board.access(
      KVMAccess(
        space: .memory, address: address, byteCount: byteCount, isWrite: true, value: value))
  }

  func port(_ address: UInt64, _ byteCount: Int, _ value: UInt64? = nil) -> UInt64 {
    board.access(
      KVMAccess(
        space: .port, address: address, byteCount: byteCount, isWrite: value != nil,
        value: value ?? 0))
  }

  func configuration(_ device: Int, _ offset: Int, byteCount: Int = 4) -> UInt64 {
    select(device, offset)
    return port(0xCFC + UInt64(offset & 3), byteCount)
  }

  func setConfiguration(_ device: Int, _ offset: Int, _ value: UInt64, byteCount: Int = 4) {
    select(device, offset)
    _ = port(0xCFC + UInt64(offset & 3), byteCount, value)
  }

  private func select(_ device: Int, _ offset: Int) {
    _ = port(0xCF8, 4, 1 << 31 | UInt64(device) << 11 | UInt64(offset & 0xFC))
  }

  func offered(at base: UInt64) -> VirtioFeatures {
    let halves = (0..<2 as Range<UInt64>).map { half in
      write(base, 4, half)
      return read(base + 4, 4)
    }
    return VirtioFeatures(rawValue: halves[1] << 32 | halves[0])
  }

  /// Steps 1 to 6 of virtio 1.1, section 3.1.1; the status afterwards.
  @discardableResult
  func negotiate(_ features: VirtioFeatures, at base: UInt64 = networkBase) -> UInt64 {
    write(base + 20, 1, 0)
    write(base + 20, 1, 1)
    write(base + 20, 1, 3)
    for half in 0..<2 as Range<UInt64> {
      write(base + 8, 4, half)
      write(base + 12, 4, features.rawValue >> (32 * half) & 0xFFFF_FFFF)
    }
    write(base + 20, 1, 11)
    return read(base + 20, 1)
  }

  /// Queue `index` at 0x10000 * (index + 1), interrupting by `vector`.
  func setUpQueue(
    _ index: UInt64, size: UInt64 = 8, vector: UInt64 = 0xFFFF, at base: UInt64 = networkBase
  ) {
    let place = Self.place(of: index)
    write(base + 22, 2, index)
    write(base + 24, 2, size)
    write(base + 26, 2, vector)
    write(base + 32, 4, place)
    write(base + 40, 4, place + 0x1000)
    write(base + 48, 4, place + 0x2000)
    write(base + 28, 2, 1)
  }

  static func place(of queue: UInt64) -> UInt64 { 0x10000 * (queue + 1) }

  func start(at base: UInt64 = networkBase) { write(base + 20, 1, 15) }

  func store(_ value: some FixedWidthInteger, at address: UInt64) {
    let bytes = (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    precondition(memory.write(bytes[...], at: address))
  }

  /// Makes a chain of one readable buffer with `bytes` and one writable of `room` bytes available in
  /// a queue, as entry `position`, and rings its doorbell.
  func request(
    _ bytes: [UInt8], room: UInt32, queue: UInt64, position: UInt16 = 0,
    at base: UInt64 = networkBase
  ) {
    let place = Self.place(of: queue)
    precondition(memory.write(bytes[...], at: place + 0x3000))
    let hasBytes = !bytes.isEmpty
    if hasBytes {
      store(place + 0x3000, at: place)
      store(UInt32(bytes.count), at: place + 8)
      store(UInt16(1), at: place + 12)
      store(UInt16(1), at: place + 14)
    }
    let last = place + (hasBytes ? 16 : 0)
    store(place + 0x4000, at: last)
    store(room, at: last + 8)
    store(UInt16(2), at: last + 12)
    store(UInt16(0), at: place + 0x1004 + 2 * UInt64(position % 8))
    store(position &+ 1, at: place + 0x1002)
    write(base + 0x3000 + 4 * queue, 2, queue)
  }

  /// What the device wrote in answer to the last `request`.
  func answer(_ byteCount: Int, queue: UInt64) -> [UInt8]? {
    memory.read(at: Self.place(of: queue) + 0x4000, byteCount: byteCount)
  }
}
