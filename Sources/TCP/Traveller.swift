import Packets
import Wire

/// What one core tells another about a connection that goes there: small enough for a slot of a
/// `CoreRing`. The connection itself is read where it lies, in the table of the core it leaves, and
/// stays there untouched until that core knows that it has been read.
package struct Traveller: BitwiseCopyable, Sendable {
  let connection: KernelAddress
  /// A FIN that is not acknowledged; a segment with text never travels.
  let hasFIN: Bool
  let sequence: SequenceNumber
  let sentAt: UInt32
  let flags: SentSegmentFlags
}

/// A buffer with text that the connection which came last has received and nobody has taken, in a
/// pool of the core it leaves.
package struct TravellingText: BitwiseCopyable, Sendable {
  /// Of the buffer's first byte.
  package let address: KernelAddress
  let sequence: UInt32
  let payloadOffset: UInt16
  let payloadByteCount: UInt16
  let flags: UInt16
  /// It follows what was delivered; otherwise it waits for a gap to be filled.
  let isInOrder: Bool
}

/// Connections that have left their tables and lists: a chain through `Connection.nextFree`.
package struct ConnectionChain: BitwiseCopyable, Sendable {
  var head = PacketPool.none
  package internal(set) var count = 0

  package init() {}
}

/// How far the sending of a chain has come.
package struct TravelPosition: BitwiseCopyable, Sendable {
  /// The connection to be sent next, or whose text is being sent.
  var connection: UInt32
  /// The text to be sent next; nil before the connection itself has been sent.
  var text: UInt32?
  var isInOrder = true

  package init(of chain: ConnectionChain) { connection = chain.head }
  package var isAtEnd: Bool { connection == PacketPool.none }
}

/// The next thing to be sent.
package enum TravelItem: BitwiseCopyable, Sendable {
  case connection(Traveller)
  /// The buffer is the other core's to read until `message` has been taken; then it is released.
  case text(TravellingText, buffer: UInt32)
}
