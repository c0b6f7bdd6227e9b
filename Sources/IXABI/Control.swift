import CIXABI

// What the control page says, by number: ix_control.h. Append-only, without gaps: the launcher
// makes the names of its metrics from the names here.

/// What a core is at, as of its last heartbeat: `ix_control_core.gauges`.
public enum ControlGauge: Int, Sendable {
  /// The bound B.
  case batchBound
  /// Nanoseconds without a frame before the core sleeps.
  case spinNanoseconds
  /// Frames of one batch and behind it, 256ths, averaged over the last batches.
  case queueDepth
  /// Nanoseconds a frame can have waited for the core, averaged over the last batches.
  case queueingDelayNanoseconds
  /// Most frames of one batch and behind it since the heartbeat before.
  case longestQueue
  case connections
  case freeConnections
  case buffers
  case freeBuffers
  /// Places for pieces of memory that connections have to send.
  case freeSendElements
  /// Connections with a timer that runs.
  case runningTimers
  /// Buffers that wait in the device for frames.
  case postedBuffers

  /// The last one.
  public static var last: Self { .postedBuffers }
  /// How many there are.
  public static var count: Int { last.rawValue + 1 }
}

/// What a core has done since it started: `ix_control_core.counters`.
public enum ControlCounter: Int, Sendable {
  case cycles, batches, frames, calls, refusedCalls, overstays
  case busyNanoseconds, idleNanoseconds
  /// Bytes of packets that were copied from one place in memory to another.
  case copiedBytes

  case deviceReceivedFrames, deviceReceivedBytes, deviceTransmittedFrames
  /// Headers are written by the kernel; everything else is sent from where it lies.
  case deviceTransmittedHeaderBytes, deviceTransmittedInPlaceBytes
  case deviceTransmitDoorbells, deviceReceiveDoorbells, deviceRepeatedDoorbells
  case deviceRefusedTransmissions, deviceShortRefills

  case ipReceivedSegments, ipReceivedDatagrams, ipReceivedFragments, ipReceivedErrors
  case ipSentSegments, ipSentDatagrams, ipSentEchoReplies, ipSentErrors, ipSuppressedErrors
  case arpReceived, arpSentRequests, arpSentReplies
  case ipUnreachable, ipDeviceFull

  case tcpReceivedSegments, tcpReceivedBytes, tcpSentSegments, tcpSentBytes
  case tcpRetransmittedSegments, tcpFastRetransmissions, tcpTimeouts, tcpWindowProbes
  case tcpTailProbes, tcpDuplicateAcknowledgments, tcpDuplicateReports, tcpUndoneRepairs
  case tcpPassiveOpens, tcpActiveOpens, tcpEstablishedConnections, tcpClosedConnections
  case tcpTimedOutConnections, tcpRecycledConnections
  case tcpReceivedResets, tcpSentResets, tcpChallengeAcknowledgments
  case tcpSentCookies, tcpAcceptedCookies, tcpPathErrors, tcpPathReductions

  /// Times the core slept until a frame or a timer.
  case sleeps

  /// Flow groups that went to another core, came from one, and stayed because their connections did
  /// not come to rest.
  case departedGroups, arrivedGroups, stayedGroups
  case arrivedConnections
  /// Packets that waited for the connection they belong to, and those there was no room for.
  case heldPackets, droppedHeldPackets
  /// How long connections stood still on their way here, in all; and how often for less than 32 us,
  /// 64 us, and so on up to 8.2 ms, and longer.
  case migrationPauseNanoseconds
  case migrationPauses0, migrationPauses1, migrationPauses2, migrationPauses3, migrationPauses4
  case migrationPauses5, migrationPauses6, migrationPauses7, migrationPauses8, migrationPauses9

  /// The last one.
  public static var last: Self { .migrationPauses9 }
  /// How many there are.
  public static var count: Int { last.rawValue + 1 }
}

/// Why segments and frames went no further, beside the network layer's reasons, which come first:
/// `ix_control_core.drops`, from `base` on.
public enum ControlDrop: Int, Sendable {
  case tcpPathError, tcpPathLimit, tcpFlags, tcpNoConnection, tcpBacklogFull, tcpKnocksFull
  case tcpBadCookie, tcpNoConnectionSlot, tcpOutOfWindow, tcpBadReset, tcpUnexpectedSYN
  case tcpBadAcknowledgment, tcpNoAcknowledgment, tcpOldTimestamp, tcpBufferLimit, tcpReassembly
  case tcpDuplicateData, tcpAfterClose, tcpReply, tcpChallengeSuppressed
  case deviceShort, deviceSegmentation, deviceChecksum, deviceChecksumRange
  case tcpSourceLimit, tcpBehindFIN

  /// Where they begin.
  public static var base: Int { 64 }
  /// The last one.
  public static var last: Self { .tcpBehindFIN }
  /// How many there are, from `base` on.
  public static var count: Int { last.rawValue + 1 }
}

/// What a core does: `IX_CORE_...`.
public enum CoreState: UInt32, Sendable {
  case starting, running, sleeping, absent, parked, stopped
}

/// What the host asks a core for: `IX_COMMAND_...`.
public enum ControlOperation: UInt64, Sendable {
  case none, setBatch, setSpin, print, stop, capture, park, unpark, migrate
}

/// The header of the control page.
public typealias ControlHeader = ix_control_header
/// One core's block of it.
public typealias ControlCore = ix_control_core
/// One command, 64 bytes.
public typealias ControlCommand = ix_command
