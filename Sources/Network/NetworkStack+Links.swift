import Packets
import TCP
import Wire

// Packets and news that arrive at one core and concern another.

extension NetworkStack {
  /// Takes at most `limit` messages of the other cores, whose turn goes round, and returns how many.
  @inline(__always)
  package mutating func receiveFromOtherCores<Device: NetworkDevice & ~Copyable>(
    limit: Int, now: Instant, pool: inout PacketPool, device: inout Device
  ) -> Int {
    links.reclaim(&pool)
    guard links.hasMessage() || owesAnswers else { return 0 }
    return takeMessages(limit: limit, now: now, pool: &pool, device: &device)
  }

  @inline(never)
  private mutating func takeMessages<Device: NetworkDevice & ~Copyable>(
    limit: Int, now: Instant, pool: inout PacketPool, device: inout Device
  ) -> Int {
    var count = 0
    for turn in 0..<links.coreCount {
      let core = links.core(inTurn: turn)
      let waitingCount = links.waitingCount(from: core)
      guard waitingCount > 0 else { continue }
      output.now = now
      messages: for _ in 0..<min(waitingCount, limit &- count) {
        let message = links.oldest(from: core)
        switch message {
        case .packet(let packet, let address):
          takeOver(packet, at: address, from: core, now: now, pool: &pool, device: &device)
        case .neighbour(let packet, let addressedToUs):
          learn(from: packet, addressedToUs: addressedToUs, now: now)
        case .expect, .expected, .connection, .text, .flush, .flushed, .arrived, .calledOff,
          .listen, .heard:
          let isTaken = receive(
            news: message, from: core, now: now, pool: &pool, device: &device)
          guard isTaken else { break messages }
        }
        links.release(from: core)
        count &+= 1
      }
    }
    if owesAnswers { answerOtherCores(now: now, device: &device, pool: &pool) }
    return count
  }

  private mutating func takeOver<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, at address: KernelAddress, from core: Int, now: Instant,
    pool: inout PacketPool, device: inout Device
  ) {
    guard let buffer = pool.allocate() else { return links.countDropped() }
    pool.copy(packet, from: address, to: buffer.index)
    links.countTakenOver()
    guard departure.isPassingOn || !arrivals.groups.isEmpty else {
      return deliver(packet, in: buffer, now: now, pool: &pool, device: &device)
    }
    // Flow groups are on their way: the packet may have to follow one, or to wait for one.
    if let owner = foreignOwner(packet, in: buffer.index, pool: pool) {
      return links.handOver(packet, in: buffer, to: owner, pool: &pool)
    }
    guard let buffer = heldBack(packet, in: buffer, from: core, pool: &pool) else { return }
    deliver(packet, in: buffer, now: now, pool: &pool, device: &device)
  }

  /// The core that must have `packet`, as far as its flow can be known; nil when it is this one.
  ///
  /// `hash` is that of its flow where the device has told it. A packet that carries neither TCP nor UDP
  /// belongs to the core it came to, an ICMP error to that of the flow it is about.
  func foreignOwner(
    _ packet: ReceivedPacket, hash: UInt32? = nil, in buffer: UInt32, pool: borrowing PacketPool
  ) -> Int? {
    if let hash { return links.owner(ofHash: hash) }
    let bytes = pool.bytes(of: buffer)
    let offset = packet.payloadOffset
    if packet.protocolNumber == .icmp {
      guard packet.payloadByteCount >= ICMPHeader.byteCount,
        ICMPType(bytes.octet(at: offset)).isError,
        let quoted = QuotedPacket(
          bytes, at: offset &+ ICMPHeader.byteCount,
          byteCount: packet.payloadByteCount &- ICMPHeader.byteCount)
      else { return nil }
      return links.owner(of: quoted.flow)
    }
    guard packet.protocolNumber == .tcp || packet.protocolNumber == .udp,
      packet.payloadByteCount >= 4
    else { return nil }
    return links.owner(
      of: Flow(
        localAddress: packet.destination, remoteAddress: packet.source,
        localPort: bytes.bigEndian(at: offset &+ 2), remotePort: bytes.bigEndian(at: offset)))
  }
}
