import Packets
import TCP
import Wire

extension NetworkStack {
  /// Takes one frame, whatever it is, and with it its buffer.
  package mutating func receive<Device: NetworkDevice & ~Copyable>(
    _ frame: consuming ReceivedFrame, now: Instant, pool: inout PacketPool, device: inout Device
  ) {
    output.now = now
    counters.receivedFrames &+= 1
    let offset = frame.offset
    let end = offset &+ frame.byteCount
    let isChecksumVerified = frame.isChecksumVerified
    let buffer = frame.takeBuffer()
    let arrival = output.configuration.examine(
      pool.bytes(of: buffer.index).extracting(0..<end), at: offset, hardware: device.macAddress,
      isChecksumVerified: isChecksumVerified)
    switch arrival {
    case .packet(var packet):
      guard let buffer = whole(&packet, in: buffer, now: now, pool: &pool) else { return }
      receive(packet, in: buffer, now: now, pool: &pool, device: &device)
    case .neighbour(let packet):
      pool.release(buffer)
      receive(packet, now: now, pool: &pool, device: &device)
    case .dropped(let reason): drop(buffer, reason, pool: &pool)
    }
  }

  /// The packet itself, or the one of which it is the last missing fragment; nil when others are
  /// missing.
  @inline(__always)
  private mutating func whole(
    _ packet: inout ReceivedPacket, in buffer: consuming PacketBuffer, now: Instant,
    pool: inout PacketPool
  ) -> PacketBuffer? {
    guard packet.isFragment else { return buffer }
    return reassemble(&packet, in: buffer, now: now, pool: &pool)
  }

  @inline(__always)
  private mutating func receive<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, now: Instant,
    pool: inout PacketPool, device: inout Device
  ) {
    if packet.protocolNumber == .tcp {
      receiveSegment(
        packet, in: buffer, completedTransmissions: device.completedTransmissionCount, now: now,
        pool: &pool)
    } else if packet.protocolNumber == .udp {
      receiveDatagram(packet, in: buffer, pool: &pool, device: &device)
    } else if packet.protocolNumber == .icmp {
      receiveMessage(packet, in: buffer, pool: &pool, device: &device)
    } else {
      counters.count(.ipv4Protocol)
      refuse(packet, .protocolUnreachable, in: buffer, pool: &pool, device: &device)
    }
  }

  @inline(__always)
  private mutating func receiveSegment(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, completedTransmissions: UInt32,
    now: Instant, pool: inout PacketPool
  ) {
    let segment: IncomingSegment
    do {
      segment = try IncomingSegment(packet, pool.bytes(of: buffer.index))
    } catch {
      switch error {
      case .truncated: return drop(buffer, .tcpTruncated, pool: &pool)
      case .malformed: return drop(buffer, .tcpMalformed, pool: &pool)
      case .checksum: return drop(buffer, .tcpChecksum, pool: &pool)
      case .unsupported: return drop(buffer, .tcpBroadcast, pool: &pool)
      }
    }
    counters.receivedSegments &+= 1
    tcp.receive(
      segment, buffer: buffer, now: now, completedTransmissions: completedTransmissions,
      pool: &pool)
  }

  @inline(__always)
  mutating func drop(
    _ buffer: consuming PacketBuffer, _ reason: DropReason, pool: inout PacketPool
  ) {
    counters.count(reason)
    pool.release(buffer)
  }
}

extension IncomingSegment {
  /// Reads and checks the segment that `packet` carries; `bytes` are its whole buffer.
  ///
  /// Throws `.unsupported` for a segment to a broadcast address (RFC 9293, section 3.9.2.3,
  /// MUST-57), and what `TCPHeader` throws.
  @inline(__always)
  init(_ packet: ReceivedPacket, _ bytes: RawSpan) throws(WireError) {
    guard !packet.isBroadcast else { throw .unsupported }
    let header = try TCPHeader(
      parsing: bytes, at: packet.payloadOffset, byteCount: packet.payloadByteCount)
    if !packet.isChecksumVerified {
      var checksum = Checksum(
        from: packet.source, to: packet.destination, protocolNumber: IPv4Protocol.tcp.rawValue,
        byteCount: packet.payloadByteCount)
      checksum.add(bytes, from: packet.payloadOffset, byteCount: packet.payloadByteCount)
      guard checksum.complement == 0 else { throw .checksum }
    }
    self.init(
      header: header, localAddress: packet.destination, remoteAddress: packet.source,
      headerOffset: packet.payloadOffset, isCongestionExperienced: packet.isCongestionExperienced)
  }
}
