import Packets
import Wire

/// A network device that keeps what it is asked to send and delivers what the test gives it.
package struct RecordingDevice: NetworkDevice, ~Copyable {
  /// One frame as it would have gone to the device.
  package struct Frame: Sendable {
    /// Header and fragments, as they were when the frame was queued.
    package var bytes: [UInt8]
    package var request: OutgoingFrame
    package var ticket: UInt32
  }

  package var macAddress = MACAddress(0x0200_0000_0001)
  package var offloads = Offloads()
  /// Frames that can be queued and not yet finished.
  package var transmitCapacity = 256
  /// Finishes frames as they are queued; otherwise the test calls `finish`.
  package var finishesAtOnce = true
  /// What `receive` says about the frames it hands out.
  package var isChecksumVerified = false
  /// What the device says is the hash of the frames it hands out.
  package var reportedHash: UInt32?
  package func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool)
    -> UInt32?
  { reportedHash }
  /// Where received frames start in their buffers.
  package var receiveOffset = 12

  /// Every frame queued and not taken by `takeSent`, oldest first.
  package private(set) var sent: [Frame] = []
  package private(set) var doorbellCount = 0
  package private(set) var completedTransmissionCount: UInt32 = 0
  private var nextTicket: UInt32
  /// Retained buffers of frames that are not finished, in order; `PacketPool.none` for none.
  private var unfinished: [UInt32] = []
  /// Finished frames whose buffers `reclaim` will release.
  private var finished: [UInt32] = []
  private var arriving: [[UInt8]] = []

  /// How often the device was told of new owners of flow groups, and whether it has yet to answer.
  package private(set) var steeringCount = 0
  private var isSteeringNow = false

  package mutating func steer(by flows: FlowSteering) {
    steeringCount += 1
    isSteeringNow = true
  }
  package mutating func isSteering() -> Bool { isSteeringNow }
  package mutating func finishSteering() { isSteeringNow = false }

  /// Tickets count from `firstTicket`, so that a test can start just before the wrap.
  package init(firstTicket: UInt32 = 1) {
    nextTicket = firstTicket
    completedTransmissionCount = firstTicket &- 1
  }

  package var freeTransmitSlotCount: Int { transmitCapacity - unfinished.count - finished.count }

  /// Queues a frame to be received.
  package mutating func arrive(_ bytes: [UInt8]) { arriving.append(bytes) }

  package var waitingFrameCount: Int { arriving.count }

  package mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    guard !arriving.isEmpty, let buffer = pool.allocate() else { return nil }
    return fill(buffer, with: arriving.removeFirst(), pool: &pool)
  }

  /// A received frame made of `bytes`, nil when the pool is exhausted.
  package func frame(_ bytes: [UInt8], pool: inout PacketPool) -> ReceivedFrame? {
    guard let buffer = pool.allocate() else { return nil }
    return fill(buffer, with: bytes, pool: &pool)
  }

  private func fill(
    _ buffer: consuming PacketBuffer, with bytes: [UInt8], pool: inout PacketPool
  ) -> ReceivedFrame {
    precondition(receiveOffset + bytes.count <= PacketPool.bufferByteCount, "frame too long")
    let start = pool.pointer(to: buffer.index)
    // Stale bytes around the frame, as on a real ring: reading past the end is seen in tests.
    start.initializeMemory(as: UInt8.self, repeating: 0xA5, count: PacketPool.bufferByteCount)
    (start + receiveOffset).copyMemory(from: bytes, byteCount: bytes.count)
    return ReceivedFrame(
      buffer: buffer, offset: receiveOffset, byteCount: bytes.count,
      isChecksumVerified: isChecksumVerified)
  }

  package mutating func refill(from pool: inout PacketPool) {}

  package mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    precondition(frame.headerByteCount <= OutgoingFrame.headerLimit, "header too long")
    precondition(fragments.count <= Fragment.limit, "too many fragments")
    guard freeTransmitSlotCount > 0 else {
      if frame.retained != PacketPool.none {
        pool.release(PacketBuffer(adopting: frame.retained))
      }
      return nil
    }
    var bytes = [UInt8](repeating: 0x5A, count: frame.headerByteCount)
    var header = bytes.mutableSpan
    var headerBytes = header.mutableBytes
    writeHeader(&headerBytes)
    for index in fragments.indices {
      let fragment = fragments[index]
      let start = UnsafeRawPointer(bitPattern: UInt(fragment.address.rawValue))
      bytes += UnsafeRawBufferPointer(start: start, count: fragment.byteCount)
    }
    let ticket = nextTicket
    nextTicket &+= 1
    sent.append(Frame(bytes: bytes, request: frame, ticket: ticket))
    unfinished.append(frame.retained)
    if finishesAtOnce { finish() }
    return ticket
  }

  package mutating func ringDoorbell() { doorbellCount += 1 }

  /// Lets the device finish the `count` oldest frames, or all.
  package mutating func finish(_ count: Int = .max) {
    let count = min(count, unfinished.count)
    finished += unfinished[..<count]
    unfinished.removeFirst(count)
    completedTransmissionCount &+= UInt32(truncatingIfNeeded: count)
  }

  package mutating func reclaim(_ pool: inout PacketPool) {
    for index in finished where index != PacketPool.none {
      pool.release(PacketBuffer(adopting: index))
    }
    finished = []
  }

  /// The frames sent since the last call.
  package mutating func takeSent() -> [Frame] {
    defer { sent = [] }
    return sent
  }
}
