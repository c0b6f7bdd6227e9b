import Packets
import TCP
import Wire

extension NetworkStack {
  /// Takes a fragment. When it is the one that was missing, `packet` becomes the whole packet, and
  /// the result is the buffer it lies in.
  mutating func reassemble(
    _ packet: inout ReceivedPacket, in buffer: consuming PacketBuffer, now: Instant,
    pool: inout PacketPool
  ) -> PacketBuffer? {
    let outcome = reassembler.add(
      packet, in: buffer.index, now: now, pool: &pool, counters: &counters)
    pool.release(buffer)
    switch outcome {
    case .dropped(let reason):
      counters.count(reason)
      return nil
    case .kept:
      counters.receivedFragments &+= 1
      return nil
    case .complete(let index, let payloadByteCount, let codepoint):
      counters.receivedFragments &+= 1
      packet = ReceivedPacket(
        reassembledBy: packet, payloadByteCount: payloadByteCount, congestionCodepoint: codepoint)
      return PacketBuffer(adopting: index)
    }
  }
}
