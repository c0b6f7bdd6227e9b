import Packets
import Wire

/// A device whose frames go nowhere. It finishes them late, as a real one does, and remembers what
/// it sent to the witness.
struct FuzzDevice: NetworkDevice, ~Copyable {
  var macAddress: MACAddress { Rig.hardware }
  var offloads = Offloads(transmitChecksum: true, segmentation: true)
  var capacity = 64
  /// Buffers of frames that are not finished, oldest first.
  private var unfinished = FixedQueue(filler: 0 as UInt32)
  private(set) var completedTransmissionCount: UInt32 = .max &- 100
  private(set) var sentCount = 0
  /// The acknowledgment number of the latest segment to the witness.
  private(set) var witnessAcknowledgment: UInt32 = 0
  /// Sequence number and source port of the latest SYN-ACK.
  private(set) var latestInitial: UInt32 = 0
  /// Whom the latest ARP request asked for.
  var asked = IPv4Address.any
  private let header = UnsafeMutableRawBufferPointer.allocate(
    byteCount: OutgoingFrame.headerLimit, alignment: 16)

  var freeTransmitSlotCount: Int { max(0, capacity - unfinished.count) }

  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? { nil }
  mutating func refill(from pool: inout PacketPool) {}
  mutating func ringDoorbell() {}

  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard freeTransmitSlotCount > 0 else {
      if frame.retained != PacketPool.none {
        pool.release(PacketBuffer(adopting: frame.retained))
      }
      return nil
    }
    require(frame.headerByteCount <= OutgoingFrame.headerLimit, "the header is too long")
    require(fragments.count <= Fragment.limit, "too many fragments")
    var byteCount = frame.headerByteCount
    for index in fragments.indices {
      byteCount += fragments[index].byteCount
    }
    let limit = frame.segmentByteCount > 0 ? 65_535 + 14 : 1514
    require(byteCount <= limit, "the frame is too long")
    var span = MutableRawSpan(
      _unsafeBytes: UnsafeMutableRawBufferPointer(
        rebasing: header[..<frame.headerByteCount]))
    writeHeader(&span)
    note(frame.headerByteCount)
    unfinished.append(frame.retained)
    sentCount += 1
    return completedTransmissionCount &+ UInt32(unfinished.count)
  }

  private mutating func note(_ byteCount: Int) {
    if word(12) == 0x0806, word(20) == 1 {
      asked = IPv4Address(UInt32(word(38)) << 16 | UInt32(word(40)))
    }
    guard word(12) == 0x0800, byteCount >= 54, header[23] == 6 else { return }
    if header[47] == 0x12 { latestInitial = UInt32(word(38)) << 16 | UInt32(word(40)) }
    let destination = UInt32(word(30)) << 16 | UInt32(word(32))
    guard destination == Rig.witness.rawValue else { return }
    witnessAcknowledgment = UInt32(word(42)) << 16 | UInt32(word(44))
  }

  private func word(_ offset: Int) -> UInt16 {
    UInt16(header[offset]) << 8 | UInt16(header[offset + 1])
  }

  mutating func reclaim(_ pool: inout PacketPool) { finish(.max, &pool) }

  /// Finishes the `count` oldest frames.
  mutating func finish(_ count: Int, _ pool: inout PacketPool) {
    let count = min(count, unfinished.count)
    for _ in 0..<count {
      guard let index = unfinished.popFirst(), index != PacketPool.none else { continue }
      pool.release(PacketBuffer(adopting: index))
    }
    completedTransmissionCount &+= UInt32(count)
  }
}
