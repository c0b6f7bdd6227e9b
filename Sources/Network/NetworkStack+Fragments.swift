import Packets
import TCP
import Wire

extension NetworkStack {
  /// Takes a fragment; when it is the one that was missing, the whole packet goes the way of any
  /// other.
  mutating func receiveFragment<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, now: Instant,
    pool: inout PacketPool, device: inout Device
  ) {
    let outcome = reassembler.add(
      packet, in: buffer.index, now: now, pool: &pool, counters: &counters)
    pool.release(buffer)
    switch outcome {
    case .kept: counters.receivedFragments &+= 1
    case .dropped(let reason): counters.count(reason)
    case .complete(let whole, let payloadByteCount):
      counters.receivedFragments &+= 1
      var packet = packet
      packet.isFragment = false
      packet.isChecksumVerified = false
      packet.offset = 0
      packet.byteCount = IPv4Header.byteCount &+ payloadByteCount
      packet.payloadOffset = IPv4Header.byteCount
      packet.payloadByteCount = payloadByteCount
      receive(packet, in: PacketBuffer(adopting: whole), now: now, pool: &pool, device: &device)
    }
  }
}
