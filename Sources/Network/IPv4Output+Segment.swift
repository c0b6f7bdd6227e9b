import Packets
import TCP
import Wire

extension IPv4Output: SegmentTransmitter {
  /// Ethernet, IPv4 and TCP header in one go. DF is always set: path MTU discovery (RFC 1191)
  /// decides how long a segment may be.
  @inline(__always)
  package mutating func transmit<Device: NetworkDevice & ~Copyable>(
    _ segment: OutgoingSegment, fragments: Span<Fragment>, device: inout Device,
    pool: inout PacketPool
  ) -> TransmitOutcome {
    guard device.freeTransmitSlotCount > 0 else { return .deviceFull }
    switch nextHop(to: segment.remoteAddress, device: &device, pool: &pool) {
    case .hardware(let hardware):
      let ticket = send(
        segment, to: hardware, fragments: fragments, device: &device, pool: &pool)
      guard let ticket else { return .deviceFull }
      counters.segments &+= 1
      return .queued(ticket: ticket)
    case .unknown: return .neighbourUnknown
    case .unreachable: return .unreachable
    }
  }

  @inline(__always)
  package mutating func transmitUsual<Device: NetworkDevice & ~Copyable>(
    to destination: IPv4Address, headerByteCount: Int, payload: Fragment, device: inout Device,
    pool: inout PacketPool, makeFrame: () -> UsualFrame
  ) -> UInt32? {
    guard let hardware = latestHop(to: destination) else { return nil }
    guard device.offloads.transmitChecksum else {
      return transmitSummed(
        makeFrame(), to: hardware, payload: payload, device: &device, pool: &pool)
    }
    var frame = OutgoingFrame(headerByteCount: headerByteCount)
    frame.checksumStart = Self.transportOffset
    frame.checksumOffset = TCPHeader.checksumOffset
    let fragments: InlineArray<1, Fragment> = [payload]
    let source = device.macAddress
    let ticket = device.transmit(frame, fragments: fragments.span, pool: &pool) { header in
      let usual = makeFrame()
      usual.emit(
        from: source, to: hardware, checksum: usual.partialChecksum, into: &header)
    }
    if ticket != nil { counters.segments &+= 1 }
    return ticket
  }

  /// The same for a device that leaves checksums to us.
  @inline(never)
  private mutating func transmitSummed<Device: NetworkDevice & ~Copyable>(
    _ usual: UsualFrame, to hardware: MACAddress, payload: Fragment, device: inout Device,
    pool: inout PacketPool
  ) -> UInt32? {
    let fragments: InlineArray<1, Fragment> = [payload]
    var sum = Checksum()
    sum.add(fragments.span)
    let checksum = usual.checksum(over: sum)
    let source = device.macAddress
    let frame = OutgoingFrame(headerByteCount: usual.headerByteCount)
    let ticket = device.transmit(frame, fragments: fragments.span, pool: &pool) { header in
      usual.emit(from: source, to: hardware, checksum: checksum, into: &header)
    }
    if ticket != nil { counters.segments &+= 1 }
    return ticket
  }

  @inline(__always)
  private func send<Device: NetworkDevice & ~Copyable>(
    _ segment: OutgoingSegment, to hardware: MACAddress, fragments: Span<Fragment>,
    device: inout Device, pool: inout PacketPool
  ) -> UInt32? {
    let payloadByteCount = fragments.totalByteCount
    let headerByteCount = segment.header.byteCount
    let transportByteCount = headerByteCount &+ payloadByteCount
    let link = EthernetHeaderFields(
      destination: hardware, source: device.macAddress, type: .ipv4)
    var network = IPv4HeaderFields(
      source: segment.localAddress, destination: segment.remoteAddress, protocolNumber: .tcp,
      payloadByteCount: transportByteCount)
    network.congestionCodepoint = segment.isECNCapable ? 2 : 0
    var frame = OutgoingFrame(headerByteCount: Self.transportOffset &+ headerByteCount)
    // The device adds what follows `checksumStart` to the pseudo-header's sum in the field; without
    // a device that does, the payload's sum goes there while the header is summed.
    let isOffloaded = device.offloads.transmitChecksum
    if isOffloaded {
      frame.checksumStart = Self.transportOffset
      frame.checksumOffset = TCPHeader.checksumOffset
    }
    if payloadByteCount > segment.segmentByteCount {
      frame.segmentByteCount = segment.segmentByteCount
    }
    var checksum = Checksum(
      from: segment.localAddress, to: segment.remoteAddress,
      protocolNumber: IPv4Protocol.tcp.rawValue, byteCount: transportByteCount)
    if !isOffloaded { checksum.add(fragments) }
    let initial = checksum.partial
    return device.transmit(frame, fragments: fragments, pool: &pool) { header in
      link.emit(into: &header)
      network.emit(into: &header, at: EthernetHeader.byteCount)
      segment.header.emit(into: &header, at: Self.transportOffset)
      let field = Self.transportOffset &+ TCPHeader.checksumOffset
      header.storeBigEndian(initial, at: field)
      guard !isOffloaded else { return }
      let value = Checksum.of(
        header.bytes, from: Self.transportOffset, byteCount: headerByteCount)
      header.storeBigEndian(value, at: field)
    }
  }

  /// Of the transport header, in bytes from the start of the frame.
  @inline(__always)
  static var transportOffset: Int { EthernetHeader.byteCount &+ IPv4Header.byteCount }
}
