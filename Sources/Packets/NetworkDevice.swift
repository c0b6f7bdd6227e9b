import Wire

/// A queue pair of a network interface, as the stack sees it: frames in, frames out, no waiting.
///
/// Drivers conform; so does the simulated wire of the tests.
package protocol NetworkDevice: ~Copyable {
  var macAddress: MACAddress { get }
  var offloads: Offloads { get }
  /// Frames that can be queued now without `reclaim`.
  var freeTransmitSlotCount: Int { get }
  /// How many frames the device has finished with, counted from zero and wrapping: frame with
  /// ticket `t` is finished when `completedTransmissionCount &- t` is not negative as `Int32`.
  var completedTransmissionCount: UInt32 { get }

  /// Received frames that `receive` would return now, as far as is known.
  var waitingFrameCount: Int { get }
  var statistics: DeviceStatistics { get }

  /// Gives the device its first buffers before it is started, and tells it nothing: where it has
  /// several queue pairs, a frame for one without buffers can hold up the others.
  mutating func prepare(from pool: inout PacketPool)

  /// Tells the device, which has been started, of its first buffers.
  mutating func announceBuffers()

  /// The next received frame, nil when there is none now.
  mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame?

  /// The Toeplitz hash, by our key, of addresses and ports of the frame that `receive` has just
  /// returned, which holds a TCP segment or UDP datagram over IPv4; nil where the device does not hash.
  func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool) -> UInt32?

  /// Gives the device as many empty buffers as it and the pool have room for.
  mutating func refill(from pool: inout PacketPool)

  /// Queues one frame: a header of `frame.headerByteCount` bytes, written by `writeHeader` into
  /// zeroed-or-stale memory of exactly that size, followed by `fragments`, which are read in place
  /// and must not change until the frame is finished. Nothing leaves before `ringDoorbell`.
  ///
  /// Returns the frame's ticket, or nil when the queue is full; then `frame.retained` has been
  /// released.
  mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32?

  /// Tells the device about everything queued since the last call; nothing when there is nothing.
  mutating func ringDoorbell()

  /// Takes finished frames back and releases the buffers they retained.
  mutating func reclaim(_ pool: inout PacketPool)

  /// Called in cycles that found nothing to do: a notification the device has missed is repeated.
  mutating func checkForLostNotification(now: Instant)

  /// From now on a received frame raises an interrupt. True when it would not, because there is a
  /// frame already or the device cannot interrupt: poll on.
  mutating func armInterrupt() -> Bool

  /// The cores, one bit each, that must be woken because they were sent something and sleep.
  mutating func takeWakes() -> UInt64

  /// Received frames need not raise an interrupt any more.
  func disarmInterrupt()

  /// Begins to tell the device, which chooses the receive queue of a packet by its hash, that flow
  /// groups have other owners. Only for the queue pair of the first core.
  mutating func steer(by flows: FlowSteering)

  /// Whether the device has not answered to that yet.
  mutating func isSteering() -> Bool
}

extension NetworkDevice where Self: ~Copyable {
  package var waitingFrameCount: Int { 0 }
  package var statistics: DeviceStatistics { DeviceStatistics() }
  package mutating func prepare(from pool: inout PacketPool) {}
  package mutating func announceBuffers() {}
  package func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool)
    -> UInt32?
  { nil }
  package mutating func checkForLostNotification(now: Instant) {}
  package mutating func armInterrupt() -> Bool { true }
  package mutating func takeWakes() -> UInt64 { 0 }
  package func disarmInterrupt() {}
  package mutating func steer(by flows: FlowSteering) {}
  package mutating func isSteering() -> Bool { false }
}

/// What a device does that the stack must otherwise do in software.
package struct Offloads: BitwiseCopyable, Sendable {
  /// Fills in the TCP or UDP checksum of a frame whose checksum field holds the pseudo-header sum.
  package var transmitChecksum = false
  /// Cuts IPv4 TCP frames of up to 64 KiB into segments (TSO).
  package var segmentation = false

  package init(transmitChecksum: Bool = false, segmentation: Bool = false) {
    self.transmitChecksum = transmitChecksum
    self.segmentation = segmentation
  }
}

/// A frame the device wrote into a pool buffer.
package struct ReceivedFrame: ~Copyable {
  package let buffer: PacketBuffer
  /// First byte of the Ethernet header, in bytes from the start of the buffer.
  package let offset: Int
  /// Bytes of the frame; `offset + byteCount` is at most the size of the buffer.
  package let byteCount: Int
  /// The transport checksum is known to be right, or the frame never left the host that made it.
  package let isChecksumVerified: Bool

  package init(
    buffer: consuming PacketBuffer, offset: Int, byteCount: Int, isChecksumVerified: Bool
  ) {
    self.buffer = buffer
    self.offset = offset
    self.byteCount = byteCount
    self.isChecksumVerified = isChecksumVerified
  }

  @inline(__always)
  package consuming func takeBuffer() -> PacketBuffer { buffer }
}

/// Bytes that follow a frame's header, read in place by the device.
package struct Fragment: BitwiseCopyable, Sendable {
  package let address: KernelAddress
  package let byteCount: Int

  @inline(__always)
  package init(address: KernelAddress, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }

  /// Most fragments of one frame.
  package static var limit: Int { 18 }
}

extension Span<Fragment> {
  /// Bytes of all fragments.
  @inline(__always)
  package var totalByteCount: Int {
    // One, nearly always: not worth the preparations of an unrolled loop.
    if count == 1 { return self[0].byteCount }
    var sum = 0
    for index in indices { sum &+= self[index].byteCount }
    return sum
  }
}

/// Everything about a frame to be sent but its bytes.
package struct OutgoingFrame: BitwiseCopyable {
  /// Link, network and transport header; at most `headerLimit`.
  package var headerByteCount: Int
  /// Where the device starts summing when it fills in the checksum; 0 when it must not.
  package var checksumStart: Int = 0
  /// Where the checksum field is, in bytes from `checksumStart`.
  package var checksumOffset: Int = 0
  /// Payload bytes of each segment the device cuts this frame into; 0 when it is sent as it is.
  package var segmentByteCount: Int = 0
  /// A pool buffer, already retained for this frame, to be released when the device has finished;
  /// `PacketPool.none` when there is none.
  package var retained: UInt32 = PacketPool.none

  /// Ethernet with 802.1Q, IPv6 and TCP with all options fit.
  package static var headerLimit: Int { 128 }

  @inline(__always)
  package init(headerByteCount: Int) { self.headerByteCount = headerByteCount }
}
