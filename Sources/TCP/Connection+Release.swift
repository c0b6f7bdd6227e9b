import Packets
import Wire

// Giving sent bytes back to the application.

extension Connection {
  /// Gives acknowledged bytes back, as far as the device cannot read them any more. A frame still
  /// in the device's ring, such as a retransmitted copy, or one whose acknowledgment a peer has
  /// guessed, would otherwise send what the memory holds by then.
  @inline(__always)
  mutating func settle(resources: inout Resources, pool: inout PacketPool) -> Reaction {
    guard release.byteCount > 0 else { return .none }
    let completed = resources.completedTransmissions
    if Int32(bitPattern: completed &- release.lastTicket) >= 0 {
      release.markedByteCount = 0
      return giveBack(release.byteCount, resources: &resources, pool: &pool)
    }
    return settlePartly(completed, resources: &resources, pool: &pool)
  }

  /// While there is always something in the ring: bytes acknowledged when ticket `t` was the latest
  /// are free once `t` is finished.
  private mutating func settlePartly(
    _ completed: UInt32, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    var reaction = Reaction.output
    if release.markedByteCount > 0 {
      guard Int32(bitPattern: completed &- release.markedTicket) >= 0 else { return reaction }
      let byteCount = release.markedByteCount
      release.markedByteCount = 0
      reaction.insert(giveBack(byteCount, resources: &resources, pool: &pool))
    }
    release.markedByteCount = release.byteCount
    release.markedTicket = release.lastTicket
    return reaction
  }

  @inline(__always)
  private mutating func giveBack(
    _ byteCount: UInt32, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    release.byteCount &-= byteCount
    return giveBackAcknowledged(byteCount, resources: &resources, pool: &pool)
  }

  /// The same for bytes that never waited for the device.
  @inline(__always)
  mutating func giveBackAcknowledged(
    _ byteCount: UInt32, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    release.unreportedByteCount &+= byteCount
    let buffers = sendQueue.release(byteCount, elements: &resources.elements, pool: &pool)
    let reaction: Reaction = flags.contains(.owned) ? .events : .none
    guard buffers.bufferCount > 0 else { return reaction }
    return reaction
      | returned(
        byteCount: buffers.byteCount, bufferCount: buffers.bufferCount,
        configuration: resources.configuration)
  }

  /// In CLOSED: gives everything back once the device has finished with it. False while it has not.
  mutating func settleAfterEnd(resources: inout Resources, pool: inout PacketPool) -> Bool {
    guard !sendQueue.isEmpty else { return true }
    let pending = Int32(bitPattern: resources.completedTransmissions &- release.lastTicket) < 0
    if flags.contains(.hasTransmitted), pending { return false }
    sendQueue.removeAll(elements: &resources.elements, pool: &pool)
    release = ReleaseVariables()
    return true
  }
}
