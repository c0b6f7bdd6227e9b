import Packets
import TCP
import Wire

// ICMP: RFC 792, as hosts must do it (RFC 1122, section 3.2.2).

/// Why a packet for us had no taker: the code of an ICMP destination unreachable message.
enum Refusal: UInt8 {
  case protocolUnreachable = 2
  case portUnreachable = 3
}

extension NetworkStack {
  mutating func receiveMessage<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, in buffer: consuming PacketBuffer, pool: inout PacketPool,
    device: inout Device
  ) {
    let type: ICMPType
    let code: UInt8
    let checksum: UInt16
    let parameter: UInt32
    do {
      let header = try ICMPHeader(
        parsing: pool.bytes(of: buffer.index), at: packet.payloadOffset,
        byteCount: packet.payloadByteCount)
      (type, code, checksum, parameter) =
        (header.type, header.code, header.checksum, header.parameter)
    } catch {
      switch error {
      case .truncated: return drop(buffer, .icmpTruncated, pool: &pool)
      case .checksum: return drop(buffer, .icmpChecksum, pool: &pool)
      case .malformed, .unsupported: return drop(buffer, .icmpType, pool: &pool)
      }
    }
    // Neither an echo nor an error may be sent to a group (RFC 1122, sections 3.2.2 and 3.2.2.6).
    guard !packet.isBroadcast else { return drop(buffer, .icmpBroadcast, pool: &pool) }
    if type == .echoRequest {
      guard packet.byteCount <= configuration.maximumTransmissionUnit else {
        return drop(buffer, .icmpTooLong, pool: &pool)
      }
      var reply = ICMPHeaderFields(type: .echoReply, code: code, parameter: parameter)
      reply.checksum = Self.checksumOfReply(toRequestWith: checksum)
      return echo(packet, reply, in: buffer, pool: &pool, device: &device)
    }
    // A host with one gateway has nothing to redirect, and a stranger must not do it.
    guard type != .redirect else { return drop(buffer, .icmpRedirect, pool: &pool) }
    guard type.isError else { return drop(buffer, .icmpType, pool: &pool) }
    receiveError(
      type, code: code, limit: UInt16(truncatingIfNeeded: parameter), packet, in: buffer,
      pool: &pool)
  }

  /// The sum without the type 8 in the first word's high half (RFC 1624, equation 3).
  static func checksumOfReply(toRequestWith checksum: UInt16) -> UInt16 {
    let sum = UInt32(~checksum) &+ UInt32(~0x0800 as UInt16)
    return ~UInt16(truncatingIfNeeded: (sum & 0xFFFF) &+ (sum &>> 16))
  }

  /// Returns the payload as it lies in the received buffer.
  private mutating func echo<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, _ reply: ICMPHeaderFields, in buffer: consuming PacketBuffer,
    pool: inout PacketPool, device: inout Device
  ) {
    let payload = Fragment(
      address: pool.address(of: buffer.index) + (packet.payloadOffset &+ ICMPHeader.byteCount),
      byteCount: packet.payloadByteCount &- ICMPHeader.byteCount)
    let isSent = output.answer(
      packet, with: reply, payload: payload, in: buffer, device: &device, pool: &pool)
    if isSent { output.counters.echoReplies &+= 1 }
  }

  /// Tells the sender that nobody took its packet, where that is allowed: not about a packet to a
  /// group, and not too often (RFC 1122, section 3.2.2). Sources that name no single host,
  /// fragments and ICMP errors never come here.
  mutating func refuse<Device: NetworkDevice & ~Copyable>(
    _ packet: ReceivedPacket, _ refusal: Refusal, in buffer: consuming PacketBuffer,
    pool: inout PacketPool, device: inout Device
  ) {
    guard !packet.isBroadcast else { return pool.release(buffer) }
    guard errorLimit.take(at: output.now) else {
      output.counters.suppressedErrors &+= 1
      return pool.release(buffer)
    }
    // As much of the packet as makes a message of 576 bytes (RFC 1812, section 4.3.2.3).
    let quoted = min(packet.byteCount, 576 - IPv4Header.byteCount - ICMPHeader.byteCount)
    let payload = Fragment(
      address: pool.address(of: buffer.index) + packet.offset, byteCount: quoted)
    var message = ICMPHeaderFields(type: .destinationUnreachable, code: refusal.rawValue)
    var checksum = Checksum()
    checksum.add(UInt32(message.type.rawValue) &<< 24 | UInt32(message.code) &<< 16)
    checksum.add(pool.bytes(of: buffer.index), from: packet.offset, byteCount: quoted)
    message.checksum = checksum.complement
    let isSent = output.answer(
      packet, with: message, payload: payload, in: buffer, device: &device, pool: &pool)
    if isSent { output.counters.errors &+= 1 }
  }
}
