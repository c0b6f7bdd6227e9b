import CIXABI

/// Result of a system call or batched call that did not succeed: `ix_status` of ix_abi.h.
/// Append-only.
@frozen
public enum Status: Int32, Sendable {
  case ok = 0
  case unknownCall = -1
  /// A range is not wholly inside memory the application may use in that way.
  case badAddress = -2
  case badArgument = -3
  /// No such connection now, or not on this core.
  case staleHandle = -4
  /// The connection exists but cannot do that in its state.
  case wrongState = -5
  /// A pool is exhausted: try again after events have been handled.
  case noResources = -6
  case portInUse = -7
  case unreachable = -8
}

/// Why a connection ended: `IX_REASON_...` of ix_abi.h. Append-only.
@frozen
public enum Reason: UInt16, Sendable {
  case none = 0
  /// Both directions were closed in order.
  case closed = 1
  /// The peer reset the connection.
  case reset = 2
  /// The peer stopped answering.
  case timedOut = 3
  case unreachable = 4
  case refused = 5
  case noResources = 6
}

/// Direct system calls: `IX_SYSCALL_...` of ix_abi.h. Append-only.
@frozen
public enum SystemCall: UInt64, Sendable {
  case poll = 0
  case flush = 1
  case write = 2
  case exit = 3
  case listen = 4
  case cores = 5
  case bind = 6
}

/// Batched calls: `IX_CALL_...` of ix_abi.h. Append-only.
@frozen
public enum Operation: UInt32, Sendable {
  case none = 0
  case udpSend = 1
  case udpReceiveDone = 2
  case tcpConnect = 3
  case tcpAccept = 4
  case tcpReject = 5
  case tcpSend = 6
  case tcpReceiveDone = 7
  case tcpShutdown = 8
  case tcpClose = 9
  case tcpAbort = 10
  case timerArm = 11
  case timerCancel = 12
  case tcpSendReceived = 13
  case tcpConfigure = 14
  case tcpLeave = 15
}

/// Options of one connection: `IX_OPTION_...` of ix_abi.h. Append-only.
@frozen
public enum ConnectionOption: UInt32, Sendable {
  /// Nagle's algorithm: 0 or 1.
  case coalescing = 1
  /// Milliseconds without a segment of the peer before it is asked whether it is there; 0 for never.
  case keepAlive = 2
  /// Milliseconds that bytes may stay unacknowledged; 0 for the dataplane's own limit.
  case userTimeout = 3
}

/// Event conditions: `IX_EVENT_...` of ix_abi.h. Append-only.
@frozen
public enum EventKind: UInt16, Sendable {
  case none = 0
  case udpReceived = 1
  case udpSent = 2
  case tcpKnock = 3
  case tcpConnected = 4
  case tcpReceived = 5
  case tcpSent = 6
  case tcpPeerClosed = 7
  case tcpDead = 8
  case timerFired = 9
  case message = 10
  case tcpLeaving = 11
  case tcpArrived = 12
}

/// One batched call, 64 bytes.
public typealias CallDescriptor = ix_call
/// One event condition, 64 bytes.
public typealias EventDescriptor = ix_event
/// One element of a scatter-gather list, 16 bytes.
public typealias VectorDescriptor = ix_vector
/// What an application finds at its entry point.
public typealias StartupPage = ix_startup
