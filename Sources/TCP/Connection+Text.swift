import IXABI
import Packets
import Wire

// RFC 9293, section 3.10.7.4, seventh and eighth steps: segment text and FIN.

extension Connection {
  /// The common case: text that is next, with nothing queued behind it.
  @inline(__always)
  mutating func receiveInOrder(
    _ buffer: UInt32, offset: UInt16, byteCount: UInt16, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    pool[buffer].payloadOffset = offset
    pool[buffer].payloadByteCount = byteCount
    return accept(buffer, byteCount: byteCount, resources: &resources, pool: &pool)
  }

  /// Text or FIN anywhere in the window.
  mutating func receiveText(
    _ segment: IncomingSegment, buffer: UInt32, now: Instant, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    guard state.canReceive else {  // "This should not occur."
      resources.counters.droppedBehindFIN &+= 1
      return .none
    }
    if flags.contains(.abandoned), segment.payloadByteCount > 0 {
      // RFC 9293, section 3.6.1: data after CLOSE; RST shows the peer that it was lost.
      resources.counters.droppedAfterClose &+= 1
      return end(.closed) | .reset
    }
    pool[buffer].sequence = segment.sequence.rawValue
    pool[buffer].payloadOffset = segment.payloadOffset
    pool[buffer].payloadByteCount = segment.payloadByteCount
    pool[buffer].flags = segment.flags.contains(.fin) ? PacketPool.finFlag : 0
    guard pool.trim(buffer, before: receive.next), pool.trim(buffer, from: receive.edge) else {
      resources.counters.droppedDuplicateData &+= 1
      noteDuplicate(segment)
      return acknowledgeNow()
    }
    guard pool.start(of: buffer) == receive.next else {
      return receiveOutOfOrder(segment, buffer, resources: &resources, pool: &pool)
    }
    let reaction = acceptWithFIN(buffer, now: now, resources: &resources, pool: &pool)
    return reaction
      | receiveQueued(now: now, resources: &resources, pool: &pool) | acknowledgeNow()
  }

  /// Keeps text for later, and says at once what is missing (RFC 5681, section 4.2).
  private mutating func receiveOutOfOrder(
    _ segment: IncomingSegment, _ buffer: UInt32, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    if receive.duplicatesDue < Self.duplicatesDueLimit { receive.duplicatesDue &+= 1 }
    let reaction = acknowledgeNow()
    let configuration = resources.configuration
    guard reassembly.bufferCount < configuration.reassemblyLimit &<< UInt32(receive.growth),
      receive.heldBufferCount &+ reassembly.bufferCount < bufferLimit(configuration),
      pool.freeCount > 2 &* pool.reserve(configuration)
    else {
      resources.counters.droppedReassembly &+= 1
      return reaction
    }
    switch reassembly.insert(buffer, pool: &pool) {
    case .kept: return reaction | .keptBuffer
    case .duplicate:
      resources.counters.droppedDuplicateData &+= 1
      noteDuplicate(segment)
    case .tooFar: resources.counters.droppedReassembly &+= 1
    }
    return reaction
  }

  private static var duplicatesDueLimit: UInt8 { 16 }

  /// Text that was there already: an ACK of its own reports it (RFC 2883).
  mutating func noteDuplicate(_ segment: IncomingSegment) {
    guard flags.contains(.sackPermitted), segment.payloadByteCount > 0 else { return }
    rareReceive.duplicates.add(
      from: segment.sequence.rawValue,
      to: segment.sequence.rawValue &+ UInt32(segment.payloadByteCount))
    receive.duplicatesDue = max(receive.duplicatesDue, 1)
  }

  /// The gap has been filled up to RCV.NXT: takes what was waiting behind it.
  private mutating func receiveQueued(
    now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    var reaction = Reaction.none
    while let buffer = reassembly.popReady(at: receive.next, pool: &pool) {
      guard state.canReceive, pool.trim(buffer, before: receive.next) else {
        pool.release(PacketBuffer(adopting: buffer))
        continue
      }
      var accepted = acceptWithFIN(buffer, now: now, resources: &resources, pool: &pool)
      if !accepted.contains(.keptBuffer) { pool.release(PacketBuffer(adopting: buffer)) }
      accepted.remove(.keptBuffer)
      reaction.insert(accepted)
    }
    return reaction
  }

  /// Takes a buffer whose text starts at RCV.NXT, and the FIN behind it.
  private mutating func acceptWithFIN(
    _ buffer: UInt32, now: Instant, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    let hasFIN = pool[buffer].flags & PacketPool.finFlag != 0
    let byteCount = pool[buffer].payloadByteCount
    var reaction = Reaction.none
    if byteCount > 0 {
      reaction = accept(buffer, byteCount: byteCount, resources: &resources, pool: &pool)
      guard reaction.contains(.events) else { return reaction }
    }
    return hasFIN ? reaction | receiveFIN(now: now, resources.configuration) : reaction
  }

  /// Queues in-order text for the application.
  @inline(__always)
  private mutating func accept(
    _ buffer: UInt32, byteCount: UInt16, resources: inout Resources, pool: inout PacketPool
  ) -> Reaction {
    guard receive.heldBufferCount < bufferLimit(resources.configuration),
      pool.hasMore(thanReserveOf: resources.configuration)
    else {
      resources.counters.droppedBufferLimit &+= 1
      return acknowledgeNow()
    }
    return take(
      buffer, byteCount: byteCount, queues: true, resources: &resources, pool: &pool)
  }

  /// The same of text there is room for; it is queued only if `queues`.
  @inline(__always)
  mutating func take(
    _ buffer: UInt32, byteCount: UInt16, queues: Bool, resources: inout Resources,
    pool: inout PacketPool
  ) -> Reaction {
    receive.heldByteCount &+= UInt32(byteCount)
    receive.next = receive.next.advanced(by: UInt32(byteCount))
    resources.counters.receivedBytes &+= UInt64(byteCount)
    if queues {
      if !delivery.isEmpty, mergesIntoTail(buffer, byteCount: byteCount, pool: &pool) {
        resources.counters.mergedSegments &+= 1
        return acknowledgeSoon() | .events
      }
      delivery.append(buffer, pool: &pool)
    }
    receive.heldBufferCount &+= 1
    return acknowledgeSoon() | .keptBuffer | .events
  }

  /// A few bytes behind a few others of the same batch go into the same buffer: copying them costs
  /// less than an event, a call and two kilobytes of a window made of dust. Longer text stays where
  /// the device has put it.
  @inline(__always)
  private func mergesIntoTail(
    _ buffer: UInt32, byteCount: UInt16, pool: inout PacketPool
  ) -> Bool {
    byteCount <= 128 && merge(buffer, into: delivery.tail, pool: &pool)
  }

  @inline(never)
  private func merge(_ buffer: UInt32, into tail: UInt32, pool: inout PacketPool) -> Bool {
    let held = pool[tail]
    let text = pool[buffer]
    let end = Int(held.payloadOffset) &+ Int(held.payloadByteCount)
    guard held.payloadByteCount <= 1024, held.references == 1,
      end &+ Int(text.payloadByteCount) <= PacketPool.bufferByteCount
    else { return false }
    pool.copy(
      Int(text.payloadByteCount), from: buffer, at: Int(text.payloadOffset), to: tail, at: end)
    pool[tail].payloadByteCount &+= text.payloadByteCount
    return true
  }

  /// Eighth, check the FIN bit.
  private mutating func receiveFIN(
    now: Instant, _ configuration: borrowing Configuration
  ) -> Reaction {
    receive.next = receive.next.advanced(by: 1)
    // The FIN may lie just beyond the window; the edge never trails RCV.NXT.
    receive.edge = .later(of: receive.edge, receive.next)
    flags.insert(.peerClosedDue)
    switch state {
    case .closed, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait: break
    case .established: state = .closeWait
    case .finWait1: state = .closing  // step five would have moved us on an ACK of our FIN
    case .finWait2:
      enterTimeWait(now: now, configuration)
      return acknowledgeNow() | .events | .waits
    }
    return acknowledgeNow() | .events
  }
}

extension PacketPool {
  /// Free buffers that text must leave alone: while applications hold all others, acknowledgments
  /// and new connections still get through. Little of a small pool.
  @inline(__always)
  func reserve(_ configuration: borrowing Configuration) -> Int {
    min(configuration.reservedBufferCount, count &>> 4)
  }

  /// Whether text may take a buffer.
  @inline(__always)
  func hasMore(thanReserveOf configuration: borrowing Configuration) -> Bool {
    if freeCount >= configuration.reservedBufferCount { return true }
    return freeCount >= reserve(configuration)
  }
}
