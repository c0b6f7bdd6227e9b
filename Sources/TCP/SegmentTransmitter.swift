import Packets

/// What the endpoint needs from the network layer: a way out for one segment.
package protocol SegmentTransmitter: ~Copyable {
  /// Puts network and link headers in front of `segment` and queues it at `device`; `fragments`
  /// are its payload, read in place.
  mutating func transmit<Device: NetworkDevice & ~Copyable>(
    _ segment: OutgoingSegment, fragments: Span<Fragment>, device: inout Device,
    pool: inout PacketPool
  ) -> TransmitOutcome
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
