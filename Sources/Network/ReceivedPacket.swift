import Wire

/// Where the parts of a received IPv4 packet are and what its headers say; no bytes, and small
/// enough to travel in registers.
struct ReceivedPacket: BitwiseCopyable {
  let linkSource: MACAddress
  let source: IPv4Address
  let destination: IPv4Address
  private let offsetInBuffer: UInt16
  private let totalLength: UInt16
  private let headerLength: UInt8
  let protocolNumber: IPv4Protocol
  /// Sent to more than one host, by its link or its network address.
  var isBroadcast = false
  var isFragment = false
  /// CE (RFC 3168, section 5).
  var isCongestionExperienced = false
  /// The device vouches for the checksum of the transport header.
  var isChecksumVerified = false

  /// The packet that `header` describes begins `offset` bytes into its buffer.
  @inline(__always)
  init(_ header: borrowing IPv4Header, at offset: Int, linkSource: MACAddress) {
    self.linkSource = linkSource
    source = header.source
    destination = header.destination
    protocolNumber = header.protocolNumber
    offsetInBuffer = UInt16(truncatingIfNeeded: offset)
    totalLength = UInt16(truncatingIfNeeded: header.totalLength)
    headerLength = UInt8(truncatingIfNeeded: header.headerByteCount)
    isFragment = header.isFragment
    isCongestionExperienced = header.congestionCodepoint == 3
  }

  /// No packet.
  static var none: Self {
    Self(
      linkSource: MACAddress(0), source: .any, destination: .any, offsetInBuffer: 0, totalLength: 0,
      headerLength: 0, protocolNumber: IPv4Protocol(0))
  }

  private init(
    linkSource: MACAddress, source: IPv4Address, destination: IPv4Address, offsetInBuffer: UInt16,
    totalLength: UInt16, headerLength: UInt8, protocolNumber: IPv4Protocol
  ) {
    self.linkSource = linkSource
    self.source = source
    self.destination = destination
    self.offsetInBuffer = offsetInBuffer
    self.totalLength = totalLength
    self.headerLength = headerLength
    self.protocolNumber = protocolNumber
  }

  /// The packet of which `fragment` was the last one to arrive, at the start of another buffer.
  init(
    reassembledBy fragment: ReceivedPacket, payloadByteCount: Int, congestionCodepoint: UInt8
  ) {
    linkSource = fragment.linkSource
    source = fragment.source
    destination = fragment.destination
    protocolNumber = fragment.protocolNumber
    offsetInBuffer = 0
    totalLength = UInt16(truncatingIfNeeded: IPv4Header.byteCount &+ payloadByteCount)
    headerLength = UInt8(truncatingIfNeeded: IPv4Header.byteCount)
    isCongestionExperienced = congestionCodepoint == 3
  }

  /// Of the IPv4 header, in bytes from the start of the buffer.
  @inline(__always)
  var offset: Int { Int(offsetInBuffer) }
  /// Header and payload, in bytes.
  @inline(__always)
  var byteCount: Int { Int(totalLength) }
  /// In bytes from the start of the buffer.
  @inline(__always)
  var payloadOffset: Int { Int(offsetInBuffer) &+ Int(headerLength) }
  @inline(__always)
  var payloadByteCount: Int { Int(totalLength) &- Int(headerLength) }
}

/// What a received frame turned out to be.
enum Arrival: BitwiseCopyable {
  case packet(ReceivedPacket)
  case neighbour(ARPPacketFields)
  case dropped(DropReason)
}
