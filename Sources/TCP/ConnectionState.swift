import Wire

/// The states of RFC 9293, section 3.3.2. LISTEN is not among them: a listening port is not a
/// connection here.
package enum ConnectionState: UInt8, BitwiseCopyable, Sendable {
  case closed
  case synSent
  case synReceived
  case established
  case finWait1
  case finWait2
  case closeWait
  case closing
  case lastAck
  case timeWait

  /// The peer's initial sequence number is known.
  @inline(__always)
  var isSynchronized: Bool { rawValue >= Self.established.rawValue }

  /// The peer may still send data.
  @inline(__always)
  var canReceive: Bool { self == .established || self == .finWait1 || self == .finWait2 }

  /// Data that has been queued, and a FIN after it, may be transmitted.
  @inline(__always)
  var canTransmit: Bool {
    self == .established || self == .closeWait || self == .finWait1 || self == .closing
      || self == .lastAck
  }
}

/// Everything about a connection that is either so or not.
struct ConnectionFlags: FlagSet {
  var rawValue: UInt64
  /// In the endpoint's list of connections with events.
  static var listedForEvents: Self { Self(rawValue: 1 << 0) }
  /// In the endpoint's list of connections with something to send.
  static var listedForOutput: Self { Self(rawValue: 1 << 1) }
  /// An application has the handle: it connected or accepted, and has not closed.
  static var owned: Self { Self(rawValue: 1 << 2) }
  /// Opened by the peer.
  static var passive: Self { Self(rawValue: 1 << 3) }
  /// Counted against the backlog: passive and not accepted yet.
  static var pending: Self { Self(rawValue: 1 << 4) }

  // Events that are due, in the order in which they are delivered.
  static var knockDue: Self { Self(rawValue: 1 << 5) }
  static var connectedDue: Self { Self(rawValue: 1 << 6) }
  static var peerClosedDue: Self { Self(rawValue: 1 << 7) }
  static var deadDue: Self { Self(rawValue: 1 << 8) }

  /// Every event but data received and data acknowledged, and what keeps data back.
  static var rareEvents: Self {
    .knockDue | .connectedDue | .peerClosedDue | .deadDue | .leaveDue | .leaving | .arrivalDue
  }

  // On the way to another core (Endpoint+Leaving.swift).

  /// The owner is to be asked to let the connection go.
  static var leaveDue: Self { Self(rawValue: 1 << 43) }
  /// It has been asked: received data waits for the other core.
  static var leaving: Self { Self(rawValue: 1 << 44) }
  /// It has agreed, and `cookie` is what it wants known on the other core; nobody owns it now.
  static var travels: Self { Self(rawValue: 1 << 45) }
  /// The application is to be told that the connection has arrived.
  static var arrivalDue: Self { Self(rawValue: 1 << 46) }
  /// It has been told, and has not accepted the connection.
  static var arrived: Self { Self(rawValue: 1 << 47) }

  // What the next transmission owes.
  static var acknowledgmentDue: Self { Self(rawValue: 1 << 9) }
  /// The acknowledgment that is due must not be delayed.
  static var acknowledgmentUrgent: Self { Self(rawValue: 1 << 29) }
  /// The acknowledgment that is due waits for data to ride on, until `timers.other`.
  static var acknowledgmentDelayed: Self { Self(rawValue: 1 << 32) }

  /// What every segment with an ACK settles.
  static var acknowledgments: Self {
    .acknowledgmentDue | .acknowledgmentUrgent | .acknowledgmentDelayed | .keepAliveDue
      | .echoesMark
  }

  static var handshakeDue: Self { Self(rawValue: 1 << 10) }
  static var resetDue: Self { Self(rawValue: 1 << 11) }
  static var probeDue: Self { Self(rawValue: 1 << 12) }

  /// Knocked, and neither accepted nor rejected.
  static var knocked: Self { Self(rawValue: 1 << 13) }
  /// The application has nothing more to send.
  static var finQueued: Self { Self(rawValue: 1 << 14) }
  static var finSent: Self { Self(rawValue: 1 << 15) }
  /// The application has closed the connection or never accepted it: data is refused by RST.
  static var abandoned: Self { Self(rawValue: 1 << 16) }
  /// Something other than the handshake was transmitted: the device may still read its payload.
  static var hasTransmitted: Self { Self(rawValue: 1 << 17) }
  /// Between the detection of a loss and the acknowledgment of everything sent before it.
  static var inRecovery: Self { Self(rawValue: 1 << 18) }
  /// The same after the retransmission timer expired.
  static var inTimeoutRecovery: Self { Self(rawValue: 1 << 19) }
  static var timestamps: Self { Self(rawValue: 1 << 20) }
  static var sackPermitted: Self { Self(rawValue: 1 << 21) }
  static var windowScaling: Self { Self(rawValue: 1 << 22) }
  /// The peer's SYN was answered or ours repeated more than once.
  static var handshakeRetransmitted: Self { Self(rawValue: 1 << 23) }
  /// One lost segment is sent again whatever the congestion window says.
  static var retransmitNow: Self { Self(rawValue: 1 << 24) }
  /// The congestion window, and nothing else, held the latest output back.
  static var windowLimited: Self { Self(rawValue: 1 << 25) }
  /// The outcome of `connect` has not been reported.
  static var attempting: Self { Self(rawValue: 1 << 26) }
  /// Counted among the half-open connections: passive, and its SYN-ACK not acknowledged.
  static var halfOpen: Self { Self(rawValue: 1 << 30) }
  /// In the endpoint's list of connections that wait for the device.
  static var listedForDevice: Self { Self(rawValue: 1 << 28) }
  /// The slot is not free.
  static var inUse: Self { Self(rawValue: 1 << 27) }
  /// Nagle's algorithm: no small segment while another is not acknowledged.
  static var coalesces: Self { Self(rawValue: 1 << 33) }
  /// An idle peer is asked whether it is there (RFC 9293, section 3.8.4).
  static var keepsAlive: Self { Self(rawValue: 1 << 34) }
  /// The next ACK is to ask that.
  static var keepAliveDue: Self { Self(rawValue: 1 << 35) }
  /// Our SYN asks for ECN.
  static var ecnRequested: Self { Self(rawValue: 1 << 36) }
  /// Both sides use ECN (RFC 3168).
  static var ecn: Self { Self(rawValue: 1 << 37) }
  /// ECE goes on every ACK until the peer says that it has reacted.
  static var echoesCongestion: Self { Self(rawValue: 1 << 38) }
  /// Every mark is echoed on its own instead (RFC 8257).
  static var countsMarks: Self { Self(rawValue: 1 << 39) }
  /// ECE goes on the next ACK.
  static var echoesMark: Self { Self(rawValue: 1 << 40) }
  /// CWR goes on the next new data.
  static var reductionDue: Self { Self(rawValue: 1 << 41) }
  /// Counted among its peer's connections.
  static var countedAtSource: Self { Self(rawValue: 1 << 42) }
  /// A tail loss probe has been sent, and its fate is open.
  static var tailProbed: Self { Self(rawValue: 1 << 31) }
}

/// What the endpoint must do after a connection has handled an event.
struct Reaction: FlagSet {
  var rawValue: UInt16
  /// The connection has kept the packet buffer.
  static var keptBuffer: Self { Self(rawValue: 1 << 0) }
  /// There is something to transmit.
  static var output: Self { Self(rawValue: 1 << 1) }
  /// There is something to tell the application.
  static var events: Self { Self(rawValue: 1 << 2) }
  /// The connection has reached CLOSED.
  static var ended: Self { Self(rawValue: 1 << 3) }
  /// Answer with RST, as if there were no connection.
  static var refuse: Self { Self(rawValue: 1 << 4) }
  /// Tell the peer by RST that the connection is no more.
  static var reset: Self { Self(rawValue: 1 << 6) }
  /// Delete the connection in TIME-WAIT and treat the segment as one for a listener.
  static var reopen: Self { Self(rawValue: 1 << 5) }
  /// Our SYN has been acknowledged.
  static var opened: Self { Self(rawValue: 1 << 7) }
  /// The connection has entered TIME-WAIT.
  static var waits: Self { Self(rawValue: 1 << 8) }
  /// The deadline for an answer has passed, but the answer may have arrived.
  static var premature: Self { Self(rawValue: 1 << 9) }
}
