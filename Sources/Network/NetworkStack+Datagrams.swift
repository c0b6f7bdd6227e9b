import IXABI
import Packets
import TCP
import Wire

// UDP: RFC 768, as hosts must do it (RFC 1122, section 4.1).

extension NetworkStack {
  /// Delivers datagrams to `port` from now on. `.badArgument` for port zero, `.portInUse` for a
  /// bound one.
  package mutating func bind(_ port: UInt16) -> Status { ports.bind(port) }

  mutating func receiveDatagram<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, pool: inout PacketPool,
    device: inout Device
  ) {
    var datagram: DatagramPorts.Received
    do {
      datagram = try DatagramPorts.Received(packet, pool.bytes(of: buffer.index))
    } catch {
      switch error {
      case .truncated: return drop(buffer, .udpTruncated, pool: &pool)
      case .malformed, .unsupported: return drop(buffer, .udpMalformed, pool: &pool)
      case .checksum: return drop(buffer, .udpChecksum, pool: &pool)
      }
    }
    guard ports.isBound(datagram.destinationPort) else {
      counters.count(.udpPortClosed)
      return refuse(packet, .portUnreachable, in: buffer, pool: &pool, device: &device)
    }
    guard ports.heldCount < ports.holdLimit, pool.freeCount > ports.reservedCount else {
      return drop(buffer, .udpBacklog, pool: &pool)
    }
    datagram.buffer = buffer.relinquish()
    let isQueued = ports.received.append(datagram)
    precondition(isQueued, "the queue holds as many datagrams as may be held")
    ports.heldCount &+= 1
    counters.receivedDatagrams &+= 1
  }

  mutating func deliverDatagrams<Events: DatagramEvents & ~Copyable>(
    into events: inout Events, pool: inout PacketPool
  ) {
    while events.roomCount > 0, let sent = ports.removeFinished() {
      events.datagramSent(cookie: sent.cookie, status: sent.status)
    }
    while events.roomCount > 0, let datagram = ports.received.removeFirst() {
      pool[datagram.buffer].holder = DatagramPorts.holder
      events.datagram(
        from: datagram.source, remotePort: datagram.sourcePort,
        localPort: datagram.destinationPort, buffer: datagram.buffer,
        offset: Int(datagram.offset), byteCount: Int(datagram.byteCount))
    }
  }

  /// The application is done with a received datagram. `.badArgument` when it does not hold the
  /// buffer for one, or not any more.
  package mutating func datagramReceiveDone(buffer index: UInt32, pool: inout PacketPool) -> Status
  {
    guard index < UInt32(truncatingIfNeeded: pool.count), pool[index].holder == DatagramPorts.holder
    else { return .badArgument }
    pool[index].holder = PacketPool.none
    ports.heldCount &-= 1
    pool.release(PacketBuffer(adopting: index))
    return .ok
  }
}

extension DatagramPorts.Received {
  /// Reads and checks the datagram that `packet` carries; `bytes` are its whole buffer.
  init(_ packet: ReceivedPacket, _ bytes: RawSpan) throws(WireError) {
    let header = try UDPHeader(
      parsing: bytes, at: packet.payloadOffset, byteCount: packet.payloadByteCount)
    if header.checksum != 0, !packet.isChecksumVerified {
      var checksum = Checksum(
        from: packet.source, to: packet.destination, protocolNumber: IPv4Protocol.udp.rawValue,
        byteCount: header.length)
      checksum.add(bytes, from: packet.payloadOffset, byteCount: header.length)
      guard checksum.complement == 0 else { throw .checksum }
    }
    source = packet.source
    sourcePort = header.sourcePort
    destinationPort = header.destinationPort
    offset = UInt16(truncatingIfNeeded: packet.payloadOffset &+ UDPHeader.byteCount)
    byteCount = UInt16(truncatingIfNeeded: header.length &- UDPHeader.byteCount)
  }
}
