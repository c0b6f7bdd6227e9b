import Packets
import Wire

extension VirtioNetwork {
  /// The report that broke the receive queue, if the device did; it receives no more.
  package var receiveViolation: SplitVirtqueue.Violation? { receiveQueue.violation }
  /// The report that broke the transmit queue, if the device did; it sends no more.
  package var transmitViolation: SplitVirtqueue.Violation? { transmitQueue.violation }

  /// Whether the device broke the protocol or says it needs a reset (DEVICE_NEEDS_RESET). Reads a
  /// register.
  package func needsReset() -> Bool {
    receiveQueue.isBroken || transmitQueue.isBroken
      || transport.readStatus().contains(.needsReset)
  }

  /// Rings the doorbell of a queue again when the device has had work for a millisecond and done
  /// nothing. To be called now and then, after `receive` and `reclaim` have found nothing.
  ///
  /// A receive queue always has work as far as can be seen from here; what keeps this quiet is that
  /// the device asks not to be notified while it has buffers, and the growing interval otherwise.
  @inline(__always)
  package mutating func checkForLostNotification(now: Instant) {
    guard now >= nextWatch else { return }
    nextWatch = now + NotificationWatch.lookInterval
    watch(now)
  }

  private mutating func watch(_ now: Instant) {
    if transmitWatch.isOverdue(
      now: now, progress: transmitQueue.takenPosition, hasWork: transmitQueue.inFlightCount > 0),
      transmitQueue.wantsNotification()
    {
      transport.ring(transmitDoorbell)
      counters.repeatedTransmitDoorbells &+= 1
    }
    if receiveWatch.isOverdue(
      now: now, progress: receiveQueue.takenPosition, hasWork: receiveQueue.inFlightCount > 0),
      receiveQueue.wantsNotification()
        || (hasSiblings && receiveWatch.isInsistent && receiveQueue.isSilent())
    {
      transport.ring(receiveDoorbell)
      counters.repeatedReceiveDoorbells &+= 1
    }
  }

  package mutating func armInterrupt() -> Bool {
    transport.hasInterrupts ? receiveQueue.armInterrupt() : true
  }

  package func disarmInterrupt() { receiveQueue.disarmInterrupt() }

  /// Why the device raised its interrupt; lowers it.
  package func acknowledgeInterrupt() -> VirtioInterrupt { transport.acknowledgeInterrupt() }

  /// Resets the device and takes back all buffers it had; every frame counts as finished. The
  /// device sends and receives nothing any more. False when it would not be reset: then it may
  /// still use the buffers, and keeps them.
  package mutating func shutDown(_ pool: inout PacketPool) -> Bool {
    guard VirtioHandshake.reset(transport) else { return false }
    while let slot = receiveQueue.takeAbandoned() {
      pool.release(PacketBuffer(adopting: receiveBuffers[Int(slot)]))
    }
    while let slot = transmitQueue.takeAbandoned() { finish(slot, pool: &pool) }
    return true
  }
}
