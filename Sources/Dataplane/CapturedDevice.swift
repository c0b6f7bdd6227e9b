import IXABI
import Packets
import Wire

/// A network device whose frames the host can have copies of. While it does not want them this
/// costs one comparison a frame.
package struct CapturedDevice<Inner: NetworkDevice & ~Copyable>: NetworkDevice, ~Copyable {
  package var inner: Inner
  package private(set) var ring: CaptureRing?
  /// Nanoseconds on the clock of the thread, kept by it while a capture runs.
  var now = Instant(nanoseconds: 0)
  private(set) var isCapturing = false

  package init(_ inner: consuming Inner, ring: consuming CaptureRing? = nil) {
    self.inner = inner
    self.ring = ring
  }

  /// Keeps `byteCount` bytes of every frame from now on; 0 ends that. `.noResources` without a
  /// ring.
  package mutating func capture(byteCount: UInt64) -> Status {
    guard ring != nil else { return .noResources }
    guard byteCount <= 65_535 else { return .badArgument }
    ring?.snapByteCount = Int(byteCount)
    isCapturing = byteCount > 0
    return .ok
  }

  /// Exchanges with the host how far the ring is filled and emptied.
  package mutating func updateCapture(_ control: borrowing ControlBlock) {
    ring?.update(tail: control.captureTail)
    guard let head = ring?.head, let captured = ring?.captured, let dropped = ring?.dropped
    else { return }
    control.setCapture(head: head, captured: captured, dropped: dropped)
  }

  package var macAddress: MACAddress { inner.macAddress }
  package var offloads: Offloads {
    @inline(__always) get { inner.offloads }
  }
  package var freeTransmitSlotCount: Int {
    @inline(__always) get { inner.freeTransmitSlotCount }
  }
  package var completedTransmissionCount: UInt32 {
    @inline(__always) get { inner.completedTransmissionCount }
  }
  package var waitingFrameCount: Int { inner.waitingFrameCount }
  package var statistics: DeviceStatistics { inner.statistics }

  package mutating func prepare(from pool: inout PacketPool) { inner.prepare(from: &pool) }
  package mutating func announceBuffers() { inner.announceBuffers() }

  @inline(__always)
  package mutating func receive(_ pool: inout PacketPool) -> ReceivedFrame? {
    guard let frame = inner.receive(&pool) else { return nil }
    if isCapturing { keepReceived(frame, pool) }
    return frame
  }

  package func flowHash(ofFrameAt offset: Int, in buffer: UInt32, pool: borrowing PacketPool)
    -> UInt32?
  {
    inner.flowHash(ofFrameAt: offset, in: buffer, pool: pool)
  }

  @inline(never)
  private mutating func keepReceived(_ frame: borrowing ReceivedFrame, _ pool: borrowing PacketPool)
  {
    let start = frame.offset
    let bytes = pool.bytes(of: frame.buffer.index).extracting(start..<(start &+ frame.byteCount))
    ring?.append(received: bytes, now: now)
  }

  @inline(__always)
  package mutating func refill(from pool: inout PacketPool) { inner.refill(from: &pool) }

  @inline(__always)
  package mutating func transmit(
    _ frame: consuming OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard !isCapturing else {
      return transmitCaptured(frame, fragments: fragments, pool: &pool, writeHeader: writeHeader)
    }
    return inner.transmit(frame, fragments: fragments, pool: &pool, writeHeader: writeHeader)
  }

  // Inlined, as everything that is handed `writeHeader`: no call's target is unknown on this path.
  @inline(__always)
  private mutating func transmitCaptured(
    _ frame: OutgoingFrame, fragments: Span<Fragment>, pool: inout PacketPool,
    writeHeader: (inout MutableRawSpan) -> Void
  ) -> UInt32? {
    guard
      let ticket = inner.transmit(
        frame, fragments: fragments, pool: &pool, writeHeader: writeHeader)
    else { return nil }
    ring?.append(
      headerByteCount: frame.headerByteCount, fragments, now: now, writeHeader: writeHeader)
    return ticket
  }

  @inline(__always)
  package mutating func ringDoorbell() { inner.ringDoorbell() }

  @inline(__always)
  package mutating func reclaim(_ pool: inout PacketPool) { inner.reclaim(&pool) }

  @inline(__always)
  package mutating func checkForLostNotification(now: Instant) {
    inner.checkForLostNotification(now: now)
  }

  @inline(__always)
  package mutating func takeWakes() -> UInt64 { inner.takeWakes() }
  package mutating func armInterrupt() -> Bool { inner.armInterrupt() }
  package func disarmInterrupt() { inner.disarmInterrupt() }
  package mutating func steer(by flows: FlowSteering) { inner.steer(by: flows) }
  package mutating func isSteering() -> Bool { inner.isSteering() }
}
