import Packets

/// Sizes, limits and times of one endpoint, fixed at start-up.
package struct Configuration: BitwiseCopyable, Sendable {
  /// Connections in any state, TIME-WAIT included.
  package var connectionCount = 1024
  /// Passive connections whose handshake is in progress; beyond them, SYN cookies.
  package var backlog = 256
  /// The same for one peer's address.
  package var backlogPerSource = 64
  /// Connections, TIME-WAIT apart, that one peer's address may open; 0 for all but an eighth of
  /// `connectionCount`, so that one peer does not shut all others out.
  package var connectionsPerSource = 0
  /// Connections that have knocked and are not accepted; beyond them, SYNs are dropped.
  package var knockLimit = 256
  /// Answer SYNs that the backlog has no room for by cookies (RFC 4987, section 3.6).
  package var usesCookies = true
  /// Pieces of application memory queued for transmission, over all connections.
  package var sendElementCount = 8192
  /// The same for one connection.
  package var sendElementLimit: UInt32 = 64
  /// Segments sent and not acknowledged yet, over all connections.
  package var sentSegmentCount = 8192
  /// The same for one connection: bounds the work of one acknowledgment.
  package var sentSegmentLimit: UInt32 = 512
  /// Bytes received and not returned by the application, for one connection that begins.
  package var receiveWindow: UInt32 = 256 << 10
  /// What that may become by doubling while the peer fills it and the application empties it; never
  /// so much that one connection could take more than half of the packet buffers.
  package var receiveWindowLimit: UInt32 = 4 << 20
  /// Packet buffers queued or lent to the application, for one connection that begins.
  package var bufferLimit: UInt32 = 256
  /// Packet buffers waiting for a gap to be filled, for one connection that begins.
  package var reassemblyLimit: UInt32 = 192
  /// Free buffers that received data leaves to acknowledgments and new connections.
  package var reservedBufferCount = 32
  /// Largest payload of a segment to receive: the link's MTU less 40 (RFC 6691).
  package var maximumSegmentByteCount: UInt16 = 1460
  package var minimumTimeout: Interval {
    get { .microseconds(UInt64(timeoutBounds.minimum)) }
    set { timeoutBounds.minimum = UInt32(min(newValue.microseconds, 1 << 25)) }
  }
  /// How long the ACK of less than two full segments waits for data to ride on: well below the
  /// retransmission timeout of a peer inside a datacentre, and at most 0.5 s (RFC 9293, section
  /// 3.8.6.3). Zero sends every ACK at the end of its batch.
  package var acknowledgmentDelay: Interval = .microseconds(500)
  /// The congestion control of connections whose type leaves a choice.
  package var congestionChoice = CongestionChoice.cubic
  package var ecn = ECNPolicy.accepts
  /// New connections begin with Nagle's algorithm (RFC 9293, section 3.7.4).
  package var coalescesSmallSegments = false
  /// RFC 6298, section 2.1.
  package var initialTimeout: Interval = .seconds(1)
  /// RFC 6298, section 2.4, allows a maximum of 60 s or more.
  package var maximumTimeout: Interval {
    get { .microseconds(UInt64(timeoutBounds.maximum)) }
    set { timeoutBounds.maximum = UInt32(clamping: max(newValue.microseconds, 1)) }
  }
  /// The two above as every acknowledgment needs them.
  private(set) var timeoutBounds = TimeoutBounds()
  /// A connection whose data or FIN is not acknowledged for this long is given up: R2 of RFC 9293,
  /// section 3.8.3, which asks for 100 s or more.
  package var userTimeout: Interval = .seconds(100)
  /// A connection whose peer keeps its window closed for this long is given up, even if the peer
  /// answers our probes.
  package var closedWindowTimeout: Interval = .seconds(600)
  /// How long a SYN of ours is repeated; RFC 9293, section 3.8.3, asks for 3 minutes or more.
  package var connectTimeout: Interval = .seconds(180)
  /// A probe that finds out whether an idle peer is there is repeated after this long, or after the
  /// time a connection was idle before the first, if that is shorter.
  package var keepAliveInterval: Interval = .seconds(75)
  /// So many probes without any answer end a connection (RFC 9293, section 3.8.4, MUST-29: not one).
  package var keepAliveProbeLimit: UInt8 = 9
  /// How long a half-open passive connection waits for its handshake's last segment.
  package var handshakeTimeout: Interval = .seconds(15)
  /// Twice the maximum segment lifetime (RFC 9293, section 3.4.2, suggests an MSL of 2 minutes;
  /// 30 s is what other systems use).
  package var timeWait: Interval = .seconds(60)
  /// How long a closed connection waits in FIN-WAIT-2 for the peer's FIN.
  package var finWait2Timeout: Interval = .seconds(60)
  /// RFC 6335, section 6: dynamic ports.
  package var firstEphemeralPort: UInt16 = 49152
  /// Which core each flow belongs to.
  package var flows = FlowSteering.alone

  package init() {}

  /// Shift count that lets the largest window be expressed in 16 bits (RFC 7323, section 2).
  var windowShift: UInt8 {
    let window = max(receiveWindow, receiveWindowLimit)
    var shift: UInt8 = 0
    while shift < 14, window &>> UInt32(shift) > 65_535 { shift &+= 1 }
    return shift
  }

  var sourceLimit: Int {
    if connectionsPerSource > 0 { return connectionsPerSource }
    let share = connectionCount / 8
    return share > 0 ? connectionCount &- share : .max
  }

  /// Whether the endpoint can work with these values at all.
  var isUsable: Bool {
    connectionCount > 0 && connectionCount < 1 << 24 && sendElementCount > 0
      && sentSegmentCount > 0 && sendElementCount < 1 << 30 && sentSegmentCount < 1 << 30
      && receiveWindow >= 2 * UInt32(maximumSegmentByteCount) && receiveWindow <= 1 << 30
      && receiveWindowLimit <= 1 << 30
      && maximumSegmentByteCount >= 64 && bufferLimit >= 2 && bufferLimit < 1 << 15
      && sendElementLimit > 0 && sentSegmentLimit > 0 && firstEphemeralPort >= 1024
      && firstEphemeralPort < .max && acknowledgmentDelay <= .milliseconds(500)
      && keepAliveProbeLimit > 1 && keepAliveInterval >= .milliseconds(10)
  }
}
