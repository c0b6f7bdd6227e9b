import Packets
import TCP
import Wire

/// The packet of ours that an ICMP error quotes: its addresses and the first eight bytes it
/// carried, all that is sure to be there (RFC 792).
struct QuotedPacket: BitwiseCopyable {
  var protocolNumber: IPv4Protocol
  var flow: Flow
  /// TCP: the sequence number (RFC 5927, section 4.1, checks it).
  var sequence: UInt32
  /// Of the whole packet, as the quoted header has it.
  var byteCount: UInt16

  /// Parses the quotation in the `byteCount` bytes from `offset`; nil when it is none. Neither
  /// checksum nor total length of the quoted header say anything: routers change both, and quote
  /// only the beginning.
  init?(_ bytes: RawSpan, at offset: Int, byteCount: Int) {
    guard byteCount >= IPv4Header.byteCount, bytes.octet(at: offset) &>> 4 == 4 else { return nil }
    let headerByteCount = Int(bytes.octet(at: offset) & 0xF) &* 4
    guard headerByteCount >= IPv4Header.byteCount, byteCount &- headerByteCount >= 8,
      bytes.bigEndian(at: offset &+ 6) & 0x1FFF as UInt16 == 0  // the first fragment has the ports
    else { return nil }
    let transport = offset &+ headerByteCount
    protocolNumber = IPv4Protocol(bytes.octet(at: offset &+ 9))
    flow = Flow(
      localAddress: bytes.ipv4Address(at: offset &+ 12),
      remoteAddress: bytes.ipv4Address(at: offset &+ 16),
      localPort: bytes.bigEndian(at: transport), remotePort: bytes.bigEndian(at: transport &+ 2))
    sequence = bytes.bigEndian(at: transport &+ 4)
    self.byteCount = bytes.bigEndian(at: offset &+ 2)
  }
}

extension NetworkStack {
  /// An ICMP error, its checksum verified; `limit` is the next link's MTU where it says one.
  mutating func receiveError(
    _ type: ICMPType, code: UInt8, limit: UInt16, _ packet: ReceivedPacket,
    in buffer: consuming PacketBuffer, pool: inout PacketPool
  ) {
    let quoted = QuotedPacket(
      pool.bytes(of: buffer.index), at: packet.payloadOffset &+ ICMPHeader.byteCount,
      byteCount: packet.payloadByteCount &- ICMPHeader.byteCount)
    guard let quoted, quoted.flow.localAddress == configuration.address else {
      return drop(buffer, .icmpQuote, pool: &pool)
    }
    counters.receivedErrors &+= 1
    pool.release(buffer)
    guard quoted.protocolNumber == .tcp,
      let error = PathError(type, code: code, byteCount: quoted.byteCount, limit: limit)
    else { return }
    tcp.receive(
      error, about: quoted.flow, sequence: SequenceNumber(quoted.sequence), pool: &pool)
  }
}

extension PathError {
  /// What an ICMP error means to TCP (RFC 1122, section 4.2.3.9); nil when it means nothing, as
  /// source quench does (RFC 6633).
  init?(_ type: ICMPType, code: UInt8, byteCount: UInt16, limit: UInt16) {
    guard type != .sourceQuench else { return nil }
    guard type == .destinationUnreachable else {
      self = .unreachable
      return
    }
    switch code {
    case 2, 3, 9, 10, 13: self = .refused
    case 4: self = .tooLong(byteCount: byteCount, limit: limit)
    default: self = .unreachable
    }
  }
}
