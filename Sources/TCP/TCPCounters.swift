import Wire

/// What the endpoint has seen and done; every reason to drop a segment is counted on its own.
package struct TCPCounters: BitwiseCopyable, Sendable {
  package var receivedSegments: UInt64 = 0
  package var receivedBytes: UInt64 = 0
  /// Segments whose few bytes joined those before them in one buffer.
  package var mergedSegments: UInt64 = 0
  package var sentSegments: UInt64 = 0
  package var sentBytes: UInt64 = 0
  package var retransmittedSegments: UInt64 = 0
  package var fastRetransmissions: UInt64 = 0
  package var timeouts: UInt64 = 0
  package var windowProbes: UInt64 = 0
  package var keepAliveProbes: UInt64 = 0
  package var duplicateAcknowledgments: UInt64 = 0
  /// Tail loss probes (RFC 8985, section 7).
  package var tailProbes: UInt64 = 0
  /// DSACKs received (RFC 2883).
  package var duplicateReports: UInt64 = 0
  /// Repairs that proved needless, with the congestion window restored (RFC 4015).
  package var undoneRepairs: UInt64 = 0

  /// Segments with a congestion mark, acknowledgments that echo one, and reductions for them (ECN).
  package var congestionMarks: UInt64 = 0
  package var congestionEchoes: UInt64 = 0
  package var congestionReductions: UInt64 = 0

  package var passiveOpens: UInt64 = 0
  package var activeOpens: UInt64 = 0
  package var establishedConnections: UInt64 = 0
  package var closedConnections: UInt64 = 0
  package var resetsReceived: UInt64 = 0
  package var resetsSent: UInt64 = 0
  package var challengeAcknowledgments: UInt64 = 0
  package var timedOutConnections: UInt64 = 0
  /// SYN-ACKs that are not remembered, and connections that came of them.
  package var sentCookies: UInt64 = 0
  package var acceptedCookies: UInt64 = 0
  /// Ended in TIME-WAIT before their time because slots had run out.
  package var recycledConnections: UInt64 = 0

  /// ICMP errors that concern a segment in flight.
  package var pathErrors: UInt64 = 0
  /// Connections that send shorter segments because of the path, as told or as suspected.
  package var pathReductions: UInt64 = 0

  // Drops, by reason.
  /// ICMP errors about no connection, or about a segment that is not in flight.
  package var droppedPathErrors: UInt64 = 0
  /// Path MTUs that no path has, or that the quoted packet did not exceed.
  package var droppedPathLimits: UInt64 = 0
  /// Flags that no correct peer combines.
  package var droppedMalformed: UInt64 = 0
  /// No connection and no listener; answered with RST unless it was one.
  package var droppedNoConnection: UInt64 = 0
  package var droppedBacklogFull: UInt64 = 0
  /// SYNs while the application does not accept what has knocked.
  package var droppedKnocksFull: UInt64 = 0
  /// SYNs and cookies of a peer that has as many connections as one may.
  package var droppedSourceLimit: UInt64 = 0
  /// ACKs for no connection that were looked at for a SYN cookie and had none.
  package var droppedBadCookie: UInt64 = 0
  package var droppedNoConnectionSlot: UInt64 = 0
  /// Wholly outside the receive window.
  package var droppedOutOfWindow: UInt64 = 0
  /// RFC 5961: RST inside the window but not at its edge, SYN, unacceptable acknowledgment.
  package var droppedBadReset: UInt64 = 0
  package var droppedUnexpectedSYN: UInt64 = 0
  package var droppedBadAcknowledgment: UInt64 = 0
  package var droppedNoAcknowledgment: UInt64 = 0
  /// PAWS (RFC 7323, section 5).
  package var droppedOldTimestamp: UInt64 = 0
  /// In order, but the connection holds as many buffers as it may, or hardly any are free.
  package var droppedBufferLimit: UInt64 = 0
  /// Out of order, and the reassembly queue is full or buffers are scarce.
  package var droppedReassembly: UInt64 = 0
  /// Bytes that were there already.
  package var droppedDuplicateData: UInt64 = 0
  /// For a connection whose application has closed it.
  package var droppedAfterClose: UInt64 = 0
  /// Text or a FIN behind the peer's FIN.
  package var droppedBehindFIN: UInt64 = 0
  package var droppedReplies: UInt64 = 0
  package var challengesSuppressed: UInt64 = 0

  package init() {}
}
