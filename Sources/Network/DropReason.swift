/// Why a received frame went no further. Each has its own counter; append-only.
package enum DropReason: Int, BitwiseCopyable, Sendable {
  // Ethernet.
  case linkTruncated
  /// The sender's address is a group's or our own.
  case linkSource
  /// For another station.
  case linkDestination
  /// An 802.1Q tag: the interface belongs to no VLAN.
  case linkTagged
  case linkType

  // ARP.
  case arpTruncated
  /// Other hardware or another protocol than Ethernet and IPv4.
  case arpUnsupported
  case arpMalformed
  case arpOperation
  /// The sender cannot be one neighbour.
  case arpSender
  /// Somebody else uses our address (RFC 5227, section 2.4).
  case arpConflict
  /// Neither asked for nor about anybody we know.
  case arpUnsolicited
  /// Another link address for a neighbour that confirmed its own just now.
  case arpContradiction
  /// No room for one more stranger.
  case arpTableFull

  // IPv4.
  case ipv4Truncated
  case ipv4Version
  case ipv4Malformed
  case ipv4Checksum
  case ipv4Options
  case ipv4SourceRoute
  case ipv4Source
  case ipv4Destination
  case ipv4Protocol
  case ipv4Fragment

  // ICMP.
  case icmpTruncated
  case icmpChecksum
  /// A type or code we have no use for, echo replies included.
  case icmpType
  case icmpRedirect
  /// To a broadcast address.
  case icmpBroadcast
  /// An error that quotes no packet of ours.
  case icmpQuote

  // TCP.
  case tcpTruncated
  case tcpMalformed
  case tcpChecksum
  case tcpBroadcast

  // UDP.
  case udpTruncated
  case udpMalformed
  case udpChecksum
  case udpPortClosed
  /// The application holds as many buffers as it may, or does not fetch its datagrams.
  case udpBacklog

  package static var count: Int { Self.udpBacklog.rawValue + 1 }
}
