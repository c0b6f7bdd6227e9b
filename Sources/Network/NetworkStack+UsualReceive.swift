import Packets
import TCP
import Wire

extension NetworkStack {
  /// Takes a frame with the next segment of an open connection and nothing unusual in any of its
  /// headers; false when it takes the general way, and then nothing has been changed. Addresses need
  /// no look here: those of a connection have been looked at when it was opened.
  @inline(never)
  mutating func receiveUsual<Events: ConnectionEvents & ~Copyable>(
    _ buffer: UInt32, at offset: Int, byteCount: Int, isChecksumVerified: Bool,
    hardware: MACAddress, pool: inout PacketPool, events: inout Events
  ) -> Bool {
    guard
      let frame = UsualFrame(
        parsing: pool.bytes(of: buffer), at: offset, byteCount: byteCount, hardware: hardware),
      isChecksumVerified
        || Self.isSegmentRight(
          pool.bytes(of: buffer), at: offset, segmentByteCount: frame.segmentByteCount)
    else { return false }
    let segment = UsualSegment(frame, at: offset)
    guard
      tcp.receiveUsual(segment, buffer: buffer, pool: &pool, events: &events)
    else { return false }
    counters.receivedSegments &+= 1
    return true
  }

  /// The checksum of the segment in a usual frame.
  @inline(never)
  private static func isSegmentRight(
    _ bytes: RawSpan, at offset: Int, segmentByteCount: Int
  ) -> Bool {
    let network = offset &+ EthernetHeader.byteCount
    var checksum = Checksum(
      from: bytes.ipv4Address(at: network &+ 12), to: bytes.ipv4Address(at: network &+ 16),
      protocolNumber: IPv4Protocol.tcp.rawValue, byteCount: segmentByteCount)
    checksum.add(bytes, from: network &+ IPv4Header.byteCount, byteCount: segmentByteCount)
    return checksum.complement == 0
  }
}
