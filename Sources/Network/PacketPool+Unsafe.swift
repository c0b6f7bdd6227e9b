import Packets
import Wire

// The writes the network layer makes into pool buffers: while it puts fragments together in a buffer
// of its own, and when it takes over a packet that arrived at another core. These are the only places
// where the kernel copies bytes of received packets.

extension PacketPool {
  /// Copies a packet's payload to `offset` of the buffer `target`, which the caller owns.
  mutating func copyPayload(
    of packet: ReceivedPacket, in source: UInt32, to target: UInt32, at offset: Int
  ) {
    copy(
      packet.payloadByteCount, from: source, at: packet.payloadOffset, to: target, at: offset)
  }

  /// Copies a packet, with what is in front of it, from a buffer of another core's pool into the buffer
  /// `target`, which the caller owns: to where it was.
  mutating func copy(_ packet: ReceivedPacket, from buffer: KernelAddress, to target: UInt32) {
    let byteCount = packet.offset &+ packet.byteCount
    precondition(
      byteCount >= 0 && byteCount <= Self.bufferByteCount, "a packet does not fit its buffer")
    let source = MemoryRegion(base: buffer, byteCount: byteCount)
    // SAFETY: the other core lends the whole buffer; `pointer` checks the index.
    unsafe pointer(to: target).copyMemory(from: source.pointer, byteCount: byteCount)
    copiedByteCount &+= UInt64(truncatingIfNeeded: byteCount)
  }

  /// Puts an IPv4 header in front of the payload in the buffer `target`, which the caller owns.
  mutating func writeHeader(
    of packet: ReceivedPacket, payloadByteCount: Int, congestionCodepoint: UInt8, to target: UInt32
  ) {
    var fields = IPv4HeaderFields(
      source: packet.source, destination: packet.destination,
      protocolNumber: packet.protocolNumber, payloadByteCount: payloadByteCount)
    fields.congestionCodepoint = congestionCodepoint
    // SAFETY: `pointer` checks the index; a buffer is longer than a header, and nobody else uses
    // this one while the span exists.
    var header = unsafe MutableRawSpan(
      _unsafeStart: pointer(to: target), byteCount: IPv4Header.byteCount)
    fields.emit(into: &header)
  }
}
