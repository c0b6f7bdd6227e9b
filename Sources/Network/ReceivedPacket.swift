import Wire

/// Where the parts of a received IPv4 packet are and what its headers say; no bytes.
struct ReceivedPacket: BitwiseCopyable {
  var linkSource: MACAddress
  var source: IPv4Address
  var destination: IPv4Address
  var protocolNumber: IPv4Protocol
  /// Sent to more than one host, by its link or its network address.
  var isBroadcast: Bool
  var isFragment: Bool
  /// CE (RFC 3168, section 5).
  var isCongestionExperienced: Bool
  /// The device vouches for the checksum of the transport header.
  var isChecksumVerified: Bool
  /// Of the IPv4 header, in bytes from the start of the buffer.
  var offset: Int
  /// Header and payload, in bytes.
  var byteCount: Int
  /// In bytes from the start of the buffer.
  var payloadOffset: Int
  var payloadByteCount: Int
}

/// What a received frame turned out to be.
enum Arrival: BitwiseCopyable {
  case packet(ReceivedPacket)
  case neighbour(ARPPacketFields)
  case dropped(DropReason)
}
