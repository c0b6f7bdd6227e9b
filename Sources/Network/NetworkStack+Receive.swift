import Packets
import TCP
import Wire

extension NetworkStack {
  /// Takes one frame, whatever it is, and with it its buffer. What it means to the application waits
  /// for `deliver`.
  @inline(__always)
  package mutating func receive<Device: NetworkDevice & ~Copyable>(
    _ frame: consuming ReceivedFrame, now: Instant, pool: inout PacketPool, device: inout Device
  ) {
    var nobody = NoEvents()
    beginReceiving(now: now, device: device)
    receive(frame, now: now, pool: &pool, device: &device, events: &nobody)
  }

  /// Frames are going to be received, after the latest `reclaim` of the device.
  @inline(__always)
  package mutating func beginReceiving<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: borrowing Device
  ) {
    tcp.move(to: now, completedTransmissions: device.completedTransmissionCount)
  }

  /// The same; text of an open connection goes to the application at once. `beginReceiving` has told
  /// the time.
  @inline(__always)
  package mutating func receive<
    Device: NetworkDevice & ~Copyable, Events: ConnectionEvents & ~Copyable
  >(
    _ frame: consuming ReceivedFrame, now: Instant, pool: inout PacketPool, device: inout Device,
    events: inout Events
  ) {
    counters.receivedFrames &+= 1
    let isTaken = receiveUsual(
      frame.buffer.index, at: frame.offset, byteCount: frame.byteCount,
      isChecksumVerified: frame.isChecksumVerified, hardware: device.macAddress,
      pool: &pool, events: &events)
    if isTaken {
      _ = frame.takeBuffer().relinquish()
    } else {
      receiveGeneral(frame, now: now, pool: &pool, device: &device)
    }
  }

  @inline(never)
  private mutating func receiveGeneral<Device: NetworkDevice & ~Copyable>(
    _ frame: consuming ReceivedFrame, now: Instant, pool: inout PacketPool, device: inout Device
  ) {
    output.now = now
    let offset = frame.offset
    let end = offset &+ frame.byteCount
    let isChecksumVerified = frame.isChecksumVerified
    let buffer = frame.takeBuffer()
    let arrival = output.configuration.examine(
      pool.bytes(of: buffer.index).extracting(0..<end), at: offset, hardware: device.macAddress,
      isChecksumVerified: isChecksumVerified)
    switch arrival {
    case .packet(var packet):
      let hasOwnFlow = !packet.isFragment && packet.protocolNumber != .icmp
      let isUnsteered = !hasOwnFlow || links.steersHere
      let hash =
        isUnsteered && hasOwnFlow
        ? device.flowHash(ofFrameAt: offset, in: buffer.index, pool: pool) : nil
      guard let buffer = whole(&packet, in: buffer, now: now, pool: &pool) else { return }
      if isUnsteered, links.isShared,
        let owner = foreignOwner(packet, hash: hash, in: buffer.index, pool: pool)
      {
        return links.handOver(packet, in: buffer, to: owner, pool: &pool)
      }
      guard !arrivals.groups.isEmpty else {
        return deliver(packet, in: buffer, now: now, pool: &pool, device: &device)
      }
      guard let buffer = heldBack(packet, in: buffer, from: nil, pool: &pool) else { return }
      deliver(packet, in: buffer, now: now, pool: &pool, device: &device)
    case .neighbour(let packet):
      pool.release(buffer)
      receive(packet, now: now, pool: &pool, device: &device)
    case .dropped(let reason): drop(buffer, reason, pool: &pool)
    }
  }

  /// Takes a whole packet of this core's.
  @inline(__always)
  mutating func deliver<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, now: Instant,
    pool: inout PacketPool, device: inout Device
  ) {
    guard packet.protocolNumber == .tcp else {
      return receiveOther(packet, in: buffer, pool: &pool, device: &device)
    }
    receiveSegment(
      packet, in: buffer, completedTransmissions: device.completedTransmissionCount, now: now,
      pool: &pool)
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

  private mutating func receiveOther<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, pool: inout PacketPool,
    device: inout Device
  ) {
    if packet.protocolNumber == .udp {
      receiveDatagram(packet, in: buffer, pool: &pool, device: &device)
    } else if packet.protocolNumber == .icmp {
      receiveMessage(packet, in: buffer, pool: &pool, device: &device)
    } else {
      counters.count(.ipv4Protocol)
      refuse(packet, .protocolUnreachable, in: buffer, pool: &pool, device: &device)
    }
  }

  /// Two ways to one call: what the compiler knows about the usual options saves it from carrying
  /// the unusual ones around.
  @inline(__always)
  private mutating func receiveSegment(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, completedTransmissions: UInt32,
    now: Instant, pool: inout PacketPool
  ) {
    do {
      guard let segment = try packet.usualSegment(in: pool.bytes(of: buffer.index)) else {
        return receiveUnusual(
          packet, in: buffer, completedTransmissions: completedTransmissions, now: now,
          pool: &pool)
      }
      counters.receivedSegments &+= 1
      tcp.receive(
        segment, buffer: buffer, now: now, completedTransmissions: completedTransmissions,
        pool: &pool)
    } catch {
      drop(buffer, DropReason(segment: error), pool: &pool)
    }
  }

  @inline(never)
  private mutating func receiveUnusual(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, completedTransmissions: UInt32,
    now: Instant, pool: inout PacketPool
  ) {
    do {
      let segment = try packet.segment(in: pool.bytes(of: buffer.index))
      counters.receivedSegments &+= 1
      tcp.receive(
        segment, buffer: buffer, now: now, completedTransmissions: completedTransmissions,
        pool: &pool)
    } catch {
      drop(buffer, DropReason(segment: error), pool: &pool)
    }
  }

  @inline(__always)
  mutating func drop(
    _ buffer: consuming PacketBuffer, _ reason: DropReason, pool: inout PacketPool
  ) {
    counters.count(reason)
    pool.release(buffer)
  }
}

// A packet that carries a segment; `bytes` are its whole buffer. All throw `.unsupported` for a
// segment to a broadcast address (RFC 9293, section 3.9.2.3, MUST-57), and what `TCPHeader` throws.
extension ReceivedPacket {
  /// The segment, checked; nil, and only its lengths checked, when it has unusual options.
  @inline(__always)
  fileprivate func usualSegment(in bytes: RawSpan) throws(WireError) -> IncomingSegment? {
    let header = try segmentHeader(in: bytes)
    guard header.hasUsualOptions else { return nil }
    try verify(bytes)
    return segment(header, options: header.usualOptions)
  }

  /// The segment, checked.
  fileprivate func segment(in bytes: RawSpan) throws(WireError) -> IncomingSegment {
    let header = try segmentHeader(in: bytes)
    try verify(bytes)
    return segment(header, options: header.options)
  }

  @inline(__always)
  @_lifetime(copy bytes)
  private func segmentHeader(in bytes: RawSpan) throws(WireError) -> TCPHeader {
    guard !isBroadcast else { throw .unsupported }
    return try TCPHeader(parsing: bytes, at: payloadOffset, byteCount: payloadByteCount)
  }

  @inline(__always)
  private func verify(_ bytes: RawSpan) throws(WireError) {
    guard !isChecksumVerified else { return }
    var checksum = Checksum(
      from: source, to: destination, protocolNumber: IPv4Protocol.tcp.rawValue,
      byteCount: payloadByteCount)
    checksum.add(bytes, from: payloadOffset, byteCount: payloadByteCount)
    guard checksum.complement == 0 else { throw .checksum }
  }

  @inline(__always)
  private func segment(_ header: borrowing TCPHeader, options: TCPOptions) -> IncomingSegment {
    IncomingSegment(
      header: header, localAddress: destination, remoteAddress: source,
      headerOffset: payloadOffset, isCongestionExperienced: isCongestionExperienced,
      options: options)
  }
}

extension DropReason {
  /// Why a segment was dropped.
  fileprivate init(segment error: WireError) {
    switch error {
    case .truncated: self = .tcpTruncated
    case .malformed: self = .tcpMalformed
    case .checksum: self = .tcpChecksum
    case .unsupported: self = .tcpBroadcast
    }
  }
}
