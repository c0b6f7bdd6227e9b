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
  /// A fragment to a broadcast address, or there was no buffer to put it into.
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

  // IPv4 reassembly. What ends a whole set is counted once.
  /// A length that is zero, or no multiple of eight before the end.
  case fragmentMalformed
  /// It would end behind the longest packet that is put together ("ping of death").
  case fragmentTooLong
  /// The transport header does not lie in the first fragment (RFC 1858, section 3).
  case fragmentTiny
  /// All its bytes were there already.
  case fragmentDuplicate
  /// Some of its bytes were there already, or the ends contradict each other: a set ended.
  case fragmentOverlap
  /// A set was not complete in time.
  case fragmentExpired
  /// A set was given up for a newer one.
  case fragmentDisplaced

  /// An echo request whose reply the link does not take in one piece.
  case icmpTooLong

  /// A congestion mark among fragments that are not ECN-capable (RFC 3168, section 5.3): a set ended.
  case fragmentMark

  package static var count: Int { Self.fragmentMark.rawValue + 1 }
}
