import Packets
import Wire

/// What the endpoint needs from the network layer: a way out for one segment.
package protocol SegmentTransmitter: ~Copyable {
  /// Puts network and link headers in front of `segment` and queues it at `device`; `fragments`
  /// are its payload, read in place.
  mutating func transmit<Device: NetworkDevice & ~Copyable>(
    _ segment: OutgoingSegment, fragments: Span<Fragment>, device: inout Device,
    pool: inout PacketPool
  ) -> TransmitOutcome

  /// The same for a frame whose headers are usual, `headerByteCount` bytes to `destination`;
  /// `makeFrame` says what is in them when they are written. The ticket, nil when the segment must
  /// take the general way: the ring is full, or the next hop must be asked for.
  mutating func transmitUsual<Device: NetworkDevice & ~Copyable>(
    to destination: IPv4Address, headerByteCount: Int, payload: Fragment, device: inout Device,
    pool: inout PacketPool, makeFrame: () -> UsualFrame
  ) -> UInt32?
}

package enum TransmitOutcome: BitwiseCopyable, Sendable {
  /// On its way; the device has finished with the payload once it has finished `ticket`.
  case queued(ticket: UInt32)
  /// The device's ring is full: try again next cycle.
  case deviceFull
  /// The next hop's link address is being asked for: try again next cycle.
  case neighbourUnknown
  /// There is no route.
  case unreachable
}
