import IXABI
import Packets
import TCP
import Wire

/// Segments, calls of the application, time and shortages, in any order, against live connections.
/// Numbers in segments are given as distances from what the connection expects, so that the input
/// need not guess 32 bits.
struct SegmentTarget: ~Copyable {
  private nonisolated(unsafe) static let snapshot = Snapshot()

  private let place: UnsafeMutablePointer<Rig>
  private var reader: InputReader

  private var rig: Rig {
    unsafeAddress { UnsafePointer(place) }
    nonmutating unsafeMutableAddress { place }
  }

  static func run(_ input: UnsafeRawBufferPointer) {
    let snapshot = snapshot
    snapshot.restore()
    var target = SegmentTarget(place: snapshot.rig, reader: InputReader(input))
    while !target.reader.isEmpty { target.step() }
    target.rig.device.capacity = 64
    target.rig.checkWitness()
    target.rig.finish()
  }

  private init(place: UnsafeMutablePointer<Rig>, reader: InputReader) {
    self.place = place
    self.reader = reader
  }

  private mutating func step() {
    let operation = reader.byte()
    let port = 1000 + UInt16(operation >> 6)
    switch operation & 15 {
    case 0...6: receive(on: port)
    case 7: rig.now = rig.now + .microseconds(1 << UInt64(reader.byte() % 27))
    case 8: send(on: port)
    case 9: end(on: port)
    case 10:
      _ = rig.stack.tcp.connect(
        localAddress: Rig.address, remoteAddress: Rig.attacker, remotePort: port, cookie: 3,
        now: rig.now)
    case 11: rig.transmit()
    case 12: rig.device.finish(Int(reader.byte() & 7), &rig.pool)
    case 13: rig.device.capacity = Int(reader.byte() & 63)
    case 14: rig.stack.expire(now: rig.now, pool: &rig.pool)
    default: rig.cycle(echoing: operation & 16 != 0)
    }
    rig.stack.tcp.checkInvariants()
  }

  /// The connection of the attacker's `port`; with `Rig.port` at our end or one of our own choice.
  private func connection(on port: UInt16) -> UInt32? {
    let flow = Flow(
      localAddress: Rig.address, remoteAddress: Rig.attacker, localPort: Rig.port,
      remotePort: port)
    return rig.stack.tcp.table.find(flow, in: rig.stack.tcp.connections)
  }

  private mutating func receive(on port: UInt16) {
    var next = Rig.attackerInitial
    var unacknowledged: UInt32 = 0
    var latest: UInt32 = 0
    var echo: UInt32 = 0
    if let index = connection(on: port) {
      next = rig.stack.tcp.connections[index].receive.next.rawValue
      unacknowledged = rig.stack.tcp.connections[index].send.unacknowledged.rawValue
      latest = rig.stack.tcp.connections[index].send.next.rawValue
      echo = rig.stack.tcp.connections[index].timestamps.recent
    }
    let flags = TCPFlags(rawValue: reader.byte())
    let shape = reader.byte()
    let sequence = next &+ distance(shape & 3)
    let base = shape & 0x10 == 0 ? unacknowledged : latest
    let acknowledgment = base &+ distance(shape >> 2 & 3)
    let window: UInt16 = shape & 0x20 == 0 ? 60_000 : reader.word()
    let byteCount = shape & 0x40 == 0 ? 0 : Int(reader.byte()) * 6
    let options = shape & 0x80 == 0 ? TCPOptions() : options(unacknowledged, latest, echo)
    rig.receive(
      flags, from: Rig.attacker, port: port, sequence: sequence, acknowledgment: acknowledgment,
      window: window, byteCount: min(byteCount, 1460), options: options)
  }

  private mutating func distance(_ form: UInt8) -> UInt32 {
    switch form {
    case 0: return 0
    case 1: return UInt32(bitPattern: Int32(Int8(bitPattern: reader.byte())))
    case 2: return UInt32(bitPattern: Int32(Int16(bitPattern: reader.word())))
    default: return reader.doubleWord()
    }
  }

  private mutating func options(
    _ unacknowledged: UInt32, _ latest: UInt32, _ echo: UInt32
  ) -> TCPOptions {
    var options = TCPOptions()
    let shape = reader.byte()
    if shape & 1 != 0 { options.maximumSegmentByteCount = reader.word() }
    if shape & 2 != 0 { options.windowScale = min(reader.byte(), 14) }
    options.isSACKPermitted = shape & 4 != 0
    if shape & 8 != 0 {
      options.hasTimestamps = true
      options.timestampValue = echo &+ distance(reader.byte() & 3)
      options.timestampEcho = distance(reader.byte() & 3)
    }
    options.sackBlockCount = shape >> 4 & 3
    for block in 0..<Int(options.sackBlockCount) {
      options.sackBlocks[block] = SACKBlock(
        start: unacknowledged &+ distance(2), end: latest &- distance(2))
    }
    return options
  }

  private mutating func send(on port: UInt16) {
    guard let index = connection(on: port) else { return }
    let handle = rig.stack.tcp.handle(of: index)
    let offset = Int(reader.byte()) * 64
    let byteCount = Int(reader.word())
    let address = KernelAddress(of: rig.applicationMemory.baseAddress! + offset)
    let limit = rig.applicationMemory.count - offset
    _ = rig.stack.tcp.send(
      handle, Fragment(address: address, byteCount: min(byteCount, limit)), pool: &rig.pool)
  }

  private mutating func end(on port: UInt16) {
    guard let index = connection(on: port) else { return }
    let handle = rig.stack.tcp.handle(of: index)
    switch reader.byte() & 3 {
    case 0: _ = rig.stack.tcp.shutdown(handle)
    case 1: _ = rig.stack.tcp.close(handle, now: rig.now, pool: &rig.pool)
    case 2: _ = rig.stack.tcp.abort(handle, pool: &rig.pool)
    default: _ = rig.stack.tcp.reject(handle, pool: &rig.pool)
    }
  }
}
