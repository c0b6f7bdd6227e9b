import Packets
import TCP
import Wire

/// What one core tells another, in one slot of a `CoreRing`.
enum CoreMessage: BitwiseCopyable {
  /// A packet of the receiver's, examined; its bytes lie in the sender's pool at `address`, the start
  /// of a buffer, until the message is released.
  case packet(ReceivedPacket, at: KernelAddress)
  /// A neighbour has said where it is, to the core that ARP packets arrive at.
  case neighbour(ARPPacketFields, addressedToUs: Bool)

  // Flow groups that change their owner, in the order in which this is said
  // (NetworkStack+Departure.swift).

  /// So many connections of these groups will come: set places aside, and keep packets back.
  case expect(FlowGroupSet, connectionCount: UInt32)
  /// The answer: whether there are so many places.
  case expected(Bool)
  case connection(Traveller)
  /// Text of the connection before.
  case text(TravellingText)
  /// Groups have another owner; to all cores.
  case flush
  /// The answer: whatever was sent to the former owner lies before this.
  case flushed
  /// Nothing older will come: the groups are the receiver's. Their connections have stood still
  /// since `frozenAt`; SYN cookies until the other instant may come back to them.
  case arrived(FlowGroupSet, frozenAt: Instant, cookiesUntil: Instant)
  /// What was to be expected does not come.
  case calledOff

  // Answers that a core lacks, which may lie in another's queue (NetworkStack+Hearing.swift).

  /// Take in what waits in your queue.
  case listen
  /// The answer: whatever of it was the receiver's lies before this.
  case heard
}

/// A frame to be sent for a core without a queue of its own: where its bytes are until the message is
/// released, and what the device must do with them.
package struct OutgoingMessage: BitwiseCopyable {
  package let address: KernelAddress
  package let byteCount: UInt32
  /// As in `OutgoingFrame`.
  package let checksumStart: UInt16
  package let checksumOffset: UInt16

  package init(
    address: KernelAddress, byteCount: UInt32, checksumStart: UInt16, checksumOffset: UInt16
  ) {
    self.address = address
    self.byteCount = byteCount
    self.checksumStart = checksumStart
    self.checksumOffset = checksumOffset
  }
}
