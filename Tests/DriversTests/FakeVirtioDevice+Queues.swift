import Packets

// The device's side of the split virtqueue (virtio 1.1, section 2.6), written independently of the
// driver's and straight from the specification's structures.

/// A chain taken from an available ring.
struct FakeChain {
  struct Piece: Equatable {
    var address: UInt64
    var byteCount: Int
    var isWritable: Bool
  }
  var head: UInt16
  var pieces: [Piece]
  /// Whether the head named a table.
  var isIndirect = false

  /// The bytes the device reads.
  var bytes: [UInt8] {
    pieces.filter { !$0.isWritable }.flatMap { piece in
      (0..<piece.byteCount).map { load(piece.address + UInt64($0), as: UInt8.self) }
    }
  }
}

func load<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type) -> Value {
  UnsafeRawPointer(bitPattern: UInt(address))!.loadUnaligned(as: type)
}

func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) {
  UnsafeMutableRawPointer(bitPattern: UInt(address))!.storeBytes(of: value, as: Value.self)
}

extension FakeVirtioDevice {
  func availableIndex(_ queue: Int) -> UInt16 {
    load(queues[queue].available + 2, as: UInt16.self)
  }
  func interruptsAreSuppressed(_ queue: Int) -> Bool {
    load(queues[queue].available, as: UInt16.self) & 1 != 0
  }
  func setNotificationsSuppressed(_ isSuppressed: Bool, _ queue: Int) {
    store(UInt16(isSuppressed ? 1 : 0), at: queues[queue].used)
  }

  /// The next chain the driver has made available.
  func takeChain(_ queue: Int) -> FakeChain? {
    let state = queues[queue]
    guard state.isEnabled, state.taken != availableIndex(queue) else { return nil }
    let slot = UInt64(state.taken) % UInt64(state.size)
    let head = load(state.available + 4 + 2 * slot, as: UInt16.self)
    queues[queue].taken &+= 1
    let flags = load(state.descriptors + 16 * UInt64(head) + 12, as: UInt16.self)
    guard flags & 4 != 0 else {
      return FakeChain(head: head, pieces: walk(state.descriptors, from: head, count: state.size))
    }
    precondition(flags & 1 == 0, "an indirect descriptor is the last one")
    let table = load(state.descriptors + 16 * UInt64(head), as: UInt64.self)
    let byteCount = load(state.descriptors + 16 * UInt64(head) + 8, as: UInt32.self)
    precondition(byteCount % 16 == 0 && byteCount > 0, "a table of whole descriptors")
    return FakeChain(
      head: head, pieces: walk(table, from: 0, count: Int(byteCount) / 16), isIndirect: true)
  }

  private func walk(_ table: UInt64, from head: UInt16, count: Int) -> [FakeChain.Piece] {
    var pieces: [FakeChain.Piece] = []
    var index = head
    while true {
      precondition(Int(index) < count && pieces.count < count, "a chain leaves its table")
      let descriptor = table + 16 * UInt64(index)
      let byteCount = load(descriptor + 8, as: UInt32.self)
      let flags = load(descriptor + 12, as: UInt16.self)
      precondition(byteCount > 0, "an empty descriptor")
      pieces.append(
        .init(
          address: load(descriptor, as: UInt64.self), byteCount: Int(byteCount),
          isWritable: flags & 2 != 0))
      guard flags & 1 != 0 else { return pieces }
      index = load(descriptor + 14, as: UInt16.self)
    }
  }

  /// Hands a chain back.
  func putUsed(_ queue: Int, identifier: UInt32, byteCount: UInt32) {
    let state = queues[queue]
    let entry = state.used + 4 + 8 * (UInt64(state.put) % UInt64(state.size))
    store(identifier, at: entry)
    store(byteCount, at: entry + 4)
    queues[queue].put &+= 1
    store(queues[queue].put, at: state.used + 2)
  }

  /// Claims to have used this many chains, without entries for them.
  func forgeUsedIndex(_ queue: Int, _ index: UInt16) {
    store(index, at: queues[queue].used + 2)
  }

  /// Receives a frame: writes header and bytes into the next receive buffer. False when the driver
  /// has provided none.
  @discardableResult
  func deliver(_ frame: [UInt8], header: [UInt8] = .init(repeating: 0, count: 12)) -> Bool {
    guard let chain = takeChain(0) else { return false }
    let piece = chain.pieces[0]
    precondition(chain.pieces.count == 1 && piece.isWritable, "one writable buffer")
    for (offset, byte) in (header + frame).prefix(piece.byteCount).enumerated() {
      store(byte, at: piece.address + UInt64(offset))
    }
    putUsed(0, identifier: UInt32(chain.head), byteCount: UInt32(header.count + frame.count))
    return true
  }

  /// Transmits the next frame and hands its chain back; the bytes with the device's header.
  func transmitNext() -> [UInt8]? {
    guard let chain = takeChain(1) else { return nil }
    let bytes = chain.bytes
    putUsed(1, identifier: UInt32(chain.head), byteCount: 0)
    return bytes
  }
}
