import IXABI
import Packets
import Wire

/// One TCP connection: the state machine of RFC 9293 and everything it remembers.
///
/// Plain values in a table; methods are named after events and return what the endpoint must do.
///
/// A connection fills eight cache lines. What a usual segment and its answer look at lies in five of
/// them: the first four, and the one with the end of `control`, which says what algorithm it is.
package struct Connection<Control: CongestionControl>: BitwiseCopyable {
  var flow: Flow
  var state = ConnectionState.closed
  var reason = Reason.none
  var flowGroup: UInt16 = 0
  var flags = ConnectionFlags.none
  var generation: UInt32
  var receive = ReceiveVariables()
  var cookie: UInt64 = 0
  var send = SendVariables()
  var timers = ConnectionTimers()
  var scoreboard = Scoreboard()
  var sendQueue = SendQueue()
  var delivery = BufferList()
  var timestamps = TimestampVariables()
  var release = ReleaseVariables()
  var retransmission: RetransmissionTimer
  var control: Control
  var reassembly = ReassemblyQueue()
  var detection = LossDetection()
  // From here on nothing is usual.
  var challenge = ChallengeLimit()
  var patience = Patience()
  var rareReceive = RareReceiveVariables()
  var rareSend = RareSendVariables()
  /// The next free slot, of a free slot.
  var nextFree = PacketPool.none
  /// Where one connection ends and the next begins no line is shared.
  private var padding = InlineArray<24, UInt8>(repeating: 0)

  /// A free slot.
  init(generation: UInt32, configuration: Configuration) {
    flow = Flow(localAddress: .any, remoteAddress: .any, localPort: 0, remotePort: 0)
    self.generation = generation
    flowGroup = 0
    retransmission = RetransmissionTimer(initial: configuration.initialTimeout)
    control = Control(configuration.congestionChoice, maximumSegment: 536)
  }
}

/// RCV.*: the receive sequence space (RFC 9293, section 3.3.1).
struct ReceiveVariables: BitwiseCopyable {
  /// RCV.NXT.
  var next = SequenceNumber(0)
  /// RCV.NXT + RCV.WND as the peer knows it; never moves back.
  var edge = SequenceNumber(0)
  /// RCV.NXT when we last acknowledged.
  var lastAcknowledged = SequenceNumber(0)
  /// Bytes in order that the application has not returned.
  var heldByteCount: UInt32 = 0
  /// Packet buffers queued here or lent to the application.
  var heldBufferCount: UInt32 = 0
  /// Segments that arrived out of order since the latest output, each to be answered by its own
  /// ACK (RFC 5681, section 4.2): the peer counts them.
  var duplicatesDue: UInt8 = 0
  /// How often the receive window and the buffers for it have been doubled.
  var growth: UInt8 = 0
  /// ACKs that are still sent at once because the peer may be in slow start.
  var quickCount: UInt8 = 16
  /// Rcv.Wind.Shift (RFC 7323); zero when not negotiated.
  var windowShift: UInt8 = 0

  /// RCV.WND as the peer knows it.
  @inline(__always)
  var offered: UInt32 { edge.distance(from: next) }
}

/// SND.*: the send sequence space (RFC 9293, section 3.3.1), and what loss recovery needs.
struct SendVariables: BitwiseCopyable {
  /// SND.UNA.
  var unacknowledged = SequenceNumber(0)
  /// SND.NXT: after the latest byte ever sent.
  var next = SequenceNumber(0)
  /// SND.WND, scaled.
  var window: UInt32 = 0
  /// SND.WL1 and SND.WL2.
  var windowSequence = SequenceNumber(0)
  var windowAcknowledgment = SequenceNumber(0)
  /// Largest payload of one segment: the peer's MSS less our options.
  var maximumSegment: UInt32 = 536
  /// The largest window the peer ever offered.
  var maximumWindow: UInt32 = 0
  /// Without SACK: bytes that duplicate acknowledgments say have arrived.
  var duplicateCredit: UInt32 = 0
  var duplicateCount: UInt16 = 0
  /// Snd.Wind.Shift (RFC 7323); zero when not negotiated.
  var windowShift: UInt8 = 0
}

/// What receiving needs when a connection begins, when text is marked or comes twice, and when the
/// window may grow.
struct RareReceiveVariables: BitwiseCopyable {
  /// IRS.
  var initial = SequenceNumber(0)
  /// Bytes that arrived with a congestion mark since the latest ACK; kept where marks are counted.
  var markedByteCount: UInt32 = 0
  /// When the round began in which `growth` is to be judged, in microseconds, and how far the
  /// application had read then.
  var roundBegan: UInt32 = 0
  var roundStart = SequenceNumber(0)
  var duplicates = DuplicateReports()
}

/// What sending needs when a connection begins, and when something is lost, marked or held up.
struct RareSendVariables: BitwiseCopyable {
  /// ISS.
  var initial = SequenceNumber(0)
  /// Everything before this must be acknowledged before recovery is over (RecoveryPoint, RFC 6675).
  var recoveryPoint = SequenceNumber(0)
  /// The window is not reduced again for marks before this is acknowledged.
  var reductionEnd = SequenceNumber(0)
  /// When the closed window was probed first.
  var closedSince: Instant?
}

/// Acknowledged bytes on their way back to the application: they are given back once the device
/// can no longer read them, retransmitted copies included.
struct ReleaseVariables: BitwiseCopyable {
  /// Acknowledged and not given back.
  var byteCount: UInt32 = 0
  /// The part of `byteCount` that is free once the device has finished `markedTicket`.
  var markedByteCount: UInt32 = 0
  var markedTicket: UInt32 = 0
  /// The latest frame with payload.
  var lastTicket: UInt32 = 0
  /// Given back and not reported by a `sent` event.
  var unreportedByteCount: UInt32 = 0
}

/// Timestamps (RFC 7323); meaningful only when negotiated.
struct TimestampVariables: BitwiseCopyable {
  /// TS.Recent.
  var recent: UInt32 = 0
  /// When `recent` was set, in seconds.
  var recentAt: UInt32 = 0
  /// Added to our clock.
  var offset: UInt32 = 0
}

/// Challenge ACKs sent in the current second (RFC 5961, section 7).
struct ChallengeLimit: BitwiseCopyable {
  var second: UInt32 = 0
  var count: UInt8 = 0
  var limit: UInt8 = 0
}

/// A FIFO of packet buffers, linked through the pool's metadata.
struct BufferList: BitwiseCopyable {
  private(set) var head = PacketPool.none
  private(set) var tail = PacketPool.none

  var isEmpty: Bool { head == PacketPool.none }

  @inline(__always)
  mutating func append(_ buffer: UInt32, pool: inout PacketPool) {
    pool[buffer].next = PacketPool.none
    if tail == PacketPool.none { head = buffer } else { pool[tail].next = buffer }
    tail = buffer
  }

  @inline(__always)
  mutating func pop(pool: borrowing PacketPool) -> UInt32? {
    guard head != PacketPool.none else { return nil }
    let buffer = head
    head = pool[buffer].next
    if head == PacketPool.none { tail = head }
    return buffer
  }
}

/// What connections share: pools, limits and counters.
struct Resources: ~Copyable {
  let configuration: Configuration
  let secrets: InitialSequenceNumber
  var elements: SendElementPool
  var segments: SentSegmentPool
  var counters = TCPCounters()
  /// The latest time of the cycle.
  var moment = Moment()
  /// Frames the device has finished with, as of the latest look.
  var completedTransmissions: UInt32 = 0

  init?(configuration: Configuration, secrets: InitialSequenceNumber, arena: inout Arena) {
    guard let elements = SendElementPool(count: configuration.sendElementCount, arena: &arena),
      let segments = SentSegmentPool(count: configuration.sentSegmentCount, arena: &arena)
    else { return nil }
    self.configuration = configuration
    self.secrets = secrets
    self.elements = elements
    self.segments = segments
  }
}
