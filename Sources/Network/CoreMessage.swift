import Packets
import Wire

/// What one core tells another, in one slot of a `CoreRing`.
enum CoreMessage: BitwiseCopyable {
  /// A packet of the receiver's, examined; its bytes lie in the sender's pool at `address`, the start
  /// of a buffer, until the message is released.
  case packet(ReceivedPacket, at: KernelAddress)
  /// A neighbour has said where it is, to the core that ARP packets arrive at.
  case neighbour(ARPPacketFields, addressedToUs: Bool)
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
