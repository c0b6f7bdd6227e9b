import Packets
import Wire

/// The server's network card: it is handed one frame at a time, and has sent whatever it is given at
/// once. What a card does by DMA is not counted.
struct LineDevice: NetworkDevice, ~Copyable {
  static let slotCount = 256
  static let slotByteCount = 128

  let macAddress = MACAddress(0x0200_0000_0002)
  let offloads = Offloads(transmitChecksum: true, segmentation: true)
  private(set) var completedTransmissionCount: UInt32 = 0
  /// Where headers are written: a ring, as the drivers have.
  let headers = UnsafeMutableRawPointer.allocate(
    byteCount: slotCount * slotByteCount, alignment: 64)
  /// The frame to be received next; none when it is empty.
  let arriving = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
  var arrivingByteCount = 0
  /// Bytes behind the header of the frame that was sent last.
  private(set) var sentByteCount = 0

  var freeTransmitSlotCount: Int { Self.slotCount }

  /// The header of the frame that was sent last.
  var sentHeader: UnsafeMutableRawPointer { header(completedTransmissionCount &- 1) }

  private func header(_ number: UInt32) -> UnsafeMutableRawPointer {
    headers + Int(number) % Self.slotCount * Self.slotByteCount
  }

  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    guard arrivingByteCount > 0, let buffer = pool.allocate() else { return nil }
    mark(Int32(MARK_PAUSE))
    pool.pointer(to: buffer.index).copyMemory(from: arriving, byteCount: arrivingByteCount)
    let byteCount = arrivingByteCount
    arrivingByteCount = 0
    mark(Int32(MARK_COUNT))
    return ReceivedFrame(buffer: buffer, offset: 0, byteCount: byteCount, isChecksumVerified: true)
  }

  mutating func refill(from pool: inout PacketPool) {}

  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    let slot = header(completedTransmissionCount)
    var header = MutableRawSpan(_unsafeStart: slot, byteCount: frame.headerByteCount)
    writeHeader(&header)
    sentByteCount = 0
    for index in fragments.indices { sentByteCount += fragments[index].byteCount }
    if frame.retained != PacketPool.none {
      pool.release(PacketBuffer(adopting: frame.retained))
    }
    completedTransmissionCount &+= 1
    return completedTransmissionCount
  }

  mutating func ringDoorbell() {}
  mutating func reclaim(_ pool: inout PacketPool) {}
}
