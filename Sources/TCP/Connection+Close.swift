import IXABI
import Packets
import Wire

// Closing: RFC 9293, sections 3.6 and 3.10.4, and the end of a connection.

extension Connection {
  /// CLOSE of the sending side: a FIN follows what is queued.
  mutating func shutDown() {
    flags.insert(.finQueued)
    beginClosing()
  }

  /// The FIN is queued: FIN-WAIT-1 or LAST-ACK, in which queued data is still sent.
  mutating func beginClosing() {
    switch state {
    case .established: state = .finWait1
    case .closeWait: state = .lastAck
    case .closed, .synSent, .synReceived, .finWait1, .finWait2, .closing, .lastAck, .timeWait:
      break
    }
  }

  /// The peer acknowledged our FIN.
  mutating func receiveAcknowledgmentOfFIN(
    now: Instant, _ configuration: borrowing Configuration
  ) -> Reaction {
    switch state {
    case .finWait1:
      state = .finWait2
      waitInFinWait2(now: now, configuration)
      return .none
    case .closing:
      enterTimeWait(now: now, configuration)
      return .events | .waits
    case .lastAck: return end(.closed)
    case .closed, .synSent, .synReceived, .established, .finWait2, .closeWait, .timeWait:
      return .none
    }
  }

  /// Nobody reads from an abandoned connection, so it must not wait for the peer's FIN for ever.
  /// RFC 9293 has no such timeout; every system has one.
  mutating func waitInFinWait2(now: Instant, _ configuration: borrowing Configuration) {
    guard state == .finWait2, flags.contains(.abandoned) else { return }
    timers.retransmission = now + configuration.finWait2Timeout
  }

  mutating func enterTimeWait(now: Instant, _ configuration: borrowing Configuration) {
    state = .timeWait
    restartTimeWait(now: now, configuration)
    reason = .closed
    if flags.contains(.owned) { flags.insert(.deadDue) }
  }

  mutating func restartTimeWait(now: Instant, _ configuration: borrowing Configuration) {
    timers.retransmission = now + configuration.timeWait
  }

  /// CLOSED, for `reason`; the endpoint clears up.
  mutating func end(_ reason: Reason) -> Reaction {
    state = .closed
    if !flags.contains(.deadDue) { self.reason = reason }
    return .ended
  }

  /// What remains to be done in CLOSED: the owner is told, and everything but received data that
  /// the owner has still to get is given up. Bytes that the device may still read stay.
  mutating func clear(resources: inout Resources, pool: inout PacketPool) {
    timers = ConnectionTimers()
    flags.remove(
      .acknowledgments | .handshakeDue | .probeDue | .knockDue | .pending | .knocked | .leaveDue
        | .leaving | .travels | .arrivalDue | .arrived)
    reassembly.removeAll(pool: &pool)
    scoreboard.removeAll(segments: &resources.segments)
    if flags.contains(.owned) {
      flags.insert(.deadDue)
    } else {
      discardDelivery(pool: &pool)
    }
  }

  mutating func discardDelivery(pool: inout PacketPool) {
    while let buffer = delivery.pop(pool: pool) {
      pool.release(PacketBuffer(adopting: buffer))
    }
  }

  /// Nobody needs the slot any more.
  var isSpent: Bool {
    state == .closed && flags.contains(.inUse) && sendQueue.isEmpty && delivery.isEmpty
      && !flags.intersects(.listedForEvents | .listedForOutput | .listedForDevice | .deadDue)
  }
}
