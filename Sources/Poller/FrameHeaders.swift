import Wire

/// Where the parts of a TCP or UDP packet over IPv4 or IPv6 lie in an Ethernet frame; offsets in
/// bytes from its start. Every length was checked, so that reading and writing any part is safe.
package struct FrameHeaders: BitwiseCopyable, Equatable, Sendable {
  /// After the Ethernet header and at most one 802.1Q tag.
  package let networkOffset: Int
  package let transportOffset: Int
  package let payloadOffset: Int
  /// Of the packet, not of padding after it.
  package let endOffset: Int
  package let isIPv6: Bool
  package let isTCP: Bool

  private static var tagByteCount: Int { 4 }
  private static var ipv6ByteCount: Int { 40 }
  private static var udpByteCount: Int { 8 }

  /// Nil for everything else: other protocols, fragments, IPv6 extension headers, and packets whose
  /// lengths contradict each other.
  package init?(of frame: RawSpan) {
    guard frame.byteCount >= EthernetHeader.byteCount else { return nil }
    var offset = EthernetHeader.byteCount
    var type = EtherType(frame.bigEndian(at: 12))
    if type == .vlan {
      guard frame.byteCount >= offset &+ Self.tagByteCount else { return nil }
      type = EtherType(frame.bigEndian(at: 16))
      offset &+= Self.tagByteCount
    }
    if type == .ipv4 {
      self.init(ipv4: frame, at: offset)
    } else if type == .ipv6 {
      self.init(ipv6: frame, at: offset)
    } else {
      return nil
    }
  }

  private init?(ipv4 frame: RawSpan, at offset: Int) {
    guard let header = try? IPv4Header(parsing: frame, at: offset), !header.isFragment else {
      return nil
    }
    self.init(
      frame, network: offset, transport: header.payloadOffset,
      end: offset &+ header.totalLength, protocolNumber: header.protocolNumber, isIPv6: false)
  }

  /// RFC 8200, section 3.
  private init?(ipv6 frame: RawSpan, at offset: Int) {
    let transport = offset &+ Self.ipv6ByteCount
    guard frame.byteCount >= transport, frame.octet(at: offset) &>> 4 == 6 else { return nil }
    let payload: UInt16 = frame.bigEndian(at: offset &+ 4)
    self.init(
      frame, network: offset, transport: transport, end: transport &+ Int(payload),
      protocolNumber: IPv4Protocol(frame.octet(at: offset &+ 6)), isIPv6: true)
  }

  private init?(
    _ frame: RawSpan, network: Int, transport: Int, end: Int, protocolNumber: IPv4Protocol,
    isIPv6: Bool
  ) {
    guard end <= frame.byteCount else { return nil }
    if protocolNumber == .tcp {
      guard
        let header = try? TCPHeader(parsing: frame, at: transport, byteCount: end &- transport)
      else { return nil }
      payloadOffset = transport &+ header.headerByteCount
    } else if protocolNumber == .udp {
      guard end &- transport >= Self.udpByteCount else { return nil }
      payloadOffset = transport &+ Self.udpByteCount
    } else {
      return nil
    }
    networkOffset = network
    transportOffset = transport
    endOffset = end
    isTCP = protocolNumber == .tcp
    self.isIPv6 = isIPv6
  }

  /// The same headers in front of a payload that ends elsewhere.
  init(_ other: Self, endOffset: Int) {
    networkOffset = other.networkOffset
    transportOffset = other.transportOffset
    payloadOffset = other.payloadOffset
    isIPv6 = other.isIPv6
    isTCP = other.isTCP
    self.endOffset = endOffset
  }

  package var payloadByteCount: Int { endOffset &- payloadOffset }

  /// Where the transport protocol's checksum is: TCP's after 16 bytes, UDP's after 6.
  package var checksumOffset: Int { transportOffset &+ (isTCP ? TCPHeader.checksumOffset : 6) }

  /// The sum of the pseudo-header (RFC 9293, section 3.1; RFC 8200, section 8.1) for a transport
  /// header and payload of `byteCount` bytes.
  func pseudoHeader(of frame: RawSpan, byteCount: Int) -> Checksum {
    let number = isTCP ? IPv4Protocol.tcp.rawValue : IPv4Protocol.udp.rawValue
    guard isIPv6 else {
      return Checksum(
        from: frame.ipv4Address(at: networkOffset &+ 12),
        to: frame.ipv4Address(at: networkOffset &+ 16), protocolNumber: number,
        byteCount: byteCount)
    }
    var checksum = Checksum()
    checksum.add(frame, from: networkOffset &+ 8, byteCount: 32)
    checksum.add(UInt32(truncatingIfNeeded: byteCount))
    checksum.add(UInt32(number))
    return checksum
  }
}
