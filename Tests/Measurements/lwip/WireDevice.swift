import Packets
import Wire

/// Our end of the memory wire: frames are copied once each way, as at lwIP's end, and finished at
/// once. It offloads nothing, as lwIP's does not.
struct WireDevice: NetworkDevice, ~Copyable {
  let macAddress = MACAddress(0x0200_0000_0002)
  let offloads = Offloads()
  private(set) var completedTransmissionCount: UInt32 = 0
  private let incoming = wire_to_ours()!
  private let outgoing = wire_to_lwip()!

  var freeTransmitSlotCount: Int { WIRE_CAPACITY - Int(wire_count(outgoing)) }

  @inline(__always)
  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    guard wire_count(incoming) > 0, let buffer = pool.allocate() else { return nil }
    let count = Int(wire_front_count(incoming))
    pool.pointer(to: buffer.index).copyMemory(from: wire_front(incoming), byteCount: count)
    wire_pop(incoming)
    return ReceivedFrame(buffer: buffer, offset: 0, byteCount: count, isChecksumVerified: false)
  }

  mutating func refill(from pool: inout PacketPool) {}

  @inline(__always)
  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard freeTransmitSlotCount > 0 else { return nil }
    let slot = UnsafeMutableRawPointer(wire_slot(outgoing)!)
    var header = MutableRawSpan(_unsafeStart: slot, byteCount: frame.headerByteCount)
    writeHeader(&header)
    var end = frame.headerByteCount
    for index in fragments.indices {
      let fragment = fragments[index]
      let start = UnsafeRawPointer(bitPattern: UInt(fragment.address.rawValue))!
      (slot + end).copyMemory(from: start, byteCount: fragment.byteCount)
      end += fragment.byteCount
    }
    wire_push(outgoing, UInt16(end))
    if frame.retained != PacketPool.none {
      pool.release(PacketBuffer(adopting: frame.retained))
    }
    completedTransmissionCount &+= 1
    return completedTransmissionCount
  }

  mutating func ringDoorbell() {}
  mutating func reclaim(_ pool: inout PacketPool) {}
}
