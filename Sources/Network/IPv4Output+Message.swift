import Packets
import Wire

extension IPv4Output {
  /// Sends an ICMP message whose header is right but for the addresses, back to where the packet
  /// that caused it came from: the link address it came from serves even when the neighbour is not
  /// known, and asking for it would let strangers make us broadcast.
  ///
  /// The payload lies in `buffer`, which is released when the device has finished.
  mutating func answer<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, with message: ICMPHeaderFields, payload: Fragment,
    in buffer: consuming PacketBuffer, device: inout Device, pool: inout PacketPool
  ) -> Bool {
    let link = EthernetHeaderFields(
      destination: packet.linkSource, source: device.macAddress, type: .ipv4)
    let network = IPv4HeaderFields(
      source: configuration.address, destination: packet.source, protocolNumber: .icmp,
      payloadByteCount: ICMPHeader.byteCount &+ payload.byteCount)
    var frame = OutgoingFrame(headerByteCount: Self.transportOffset &+ ICMPHeader.byteCount)
    frame.retained = buffer.relinquish()
    let fragments: InlineArray<1, Fragment> = [payload]
    let ticket = device.transmit(frame, fragments: fragments.span, pool: &pool) { header in
      link.emit(into: &header)
      network.emit(into: &header, at: EthernetHeader.byteCount)
      message.emit(into: &header, at: Self.transportOffset)
    }
    guard ticket == nil else { return true }
    counters.deviceFull &+= 1
    return false
  }

  /// Sends a datagram to a neighbour. The caller counts and completes it; nil when the device is
  /// full, and then `retained` has been released.
  mutating func send<Device: NetworkDevice & ~Copyable>(
    _ datagram: OutgoingDatagram, to hardware: MACAddress, fragments: Span<Fragment>,
    retained: UInt32, device: inout Device, pool: inout PacketPool
  ) -> UInt32? {
    var transport = UDPHeaderFields(
      sourcePort: datagram.localPort, destinationPort: datagram.remotePort,
      payloadByteCount: fragments.totalByteCount)
    let link = EthernetHeaderFields(
      destination: hardware, source: device.macAddress, type: .ipv4)
    let network = IPv4HeaderFields(
      source: configuration.address, destination: datagram.remoteAddress, protocolNumber: .udp,
      payloadByteCount: Int(transport.length))
    var frame = OutgoingFrame(headerByteCount: Self.transportOffset &+ UDPHeader.byteCount)
    frame.retained = retained
    var checksum = Checksum(
      from: configuration.address, to: datagram.remoteAddress,
      protocolNumber: IPv4Protocol.udp.rawValue, byteCount: Int(transport.length))
    if device.offloads.transmitChecksum {
      frame.checksumStart = Self.transportOffset
      frame.checksumOffset = UDPHeader.checksumOffset
      transport.checksum = checksum.partial
    } else {
      checksum.add(UInt32(transport.sourcePort) &<< 16 | UInt32(transport.destinationPort))
      checksum.add(UInt32(transport.length) &<< 16)
      checksum.add(fragments)
      // Zero means "none" (RFC 768).
      transport.checksum = checksum.complement == 0 ? .max : checksum.complement
    }
    return device.transmit(frame, fragments: fragments, pool: &pool) { header in
      link.emit(into: &header)
      network.emit(into: &header, at: EthernetHeader.byteCount)
      transport.emit(into: &header, at: Self.transportOffset)
    }
  }
}
