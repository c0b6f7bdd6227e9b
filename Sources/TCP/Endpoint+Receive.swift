import IXABI
import Packets
import Wire

extension Endpoint {
  /// A segment arrived whose checksum and lengths are right; `buffer` holds its payload.
  ///
  /// `completedTransmissions` is the device's count now: acknowledged memory is given back only when
  /// the device cannot read it any more.
  @inline(__always)
  package mutating func receive(
    _ segment: IncomingSegment, buffer: consuming PacketBuffer, now: Instant,
    completedTransmissions: UInt32, pool: inout PacketPool
  ) {
    resources.counters.receivedSegments &+= 1
    resources.completedTransmissions = completedTransmissions
    let buffer = buffer.relinquish()
    guard let index = table.find(segment.flow, in: connections) else {
      pool.release(PacketBuffer(adopting: buffer))
      receiveWithoutConnection(segment, now: now)
      return
    }
    let reaction = connections[index].receive(
      segment, buffer: buffer, now: now, resources: &resources, pool: &pool)
    if !reaction.contains(.keptBuffer) { pool.release(PacketBuffer(adopting: buffer)) }
    if reaction.intersects(.refuse | .reopen) {
      answer(segment, reaction, from: index, now: now, pool: &pool)
    }
    act(reaction, on: index, pool: &pool)
  }

  private mutating func answer(
    _ segment: IncomingSegment, _ reaction: Reaction, from index: UInt32, now: Instant,
    pool: inout PacketPool
  ) {
    if reaction.contains(.refuse) { refuse(segment) }
    guard reaction.contains(.reopen) else { return }
    act(connections[index].end(.closed), on: index, pool: &pool)
    receiveWithoutConnection(segment, now: now)
  }

  /// RFC 9293, sections 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
  private mutating func receiveWithoutConnection(_ segment: IncomingSegment, now: Instant) {
    if segment.flags.contains(.rst) {
      resources.counters.droppedNoConnection &+= 1
      return
    }
    guard isListening(on: segment.flow.localPort), !segment.flags.contains(.ack) else {
      resources.counters.droppedNoConnection &+= 1
      refuse(segment)
      return
    }
    guard segment.flags.contains(.syn), !segment.flags.contains(.fin),
      segment.flow.remotePort != 0
    else {
      resources.counters.droppedMalformed &+= 1
      return
    }
    guard pendingCount < resources.configuration.backlog else {
      resources.counters.droppedBacklogFull &+= 1
      return
    }
    guard let index = allocateConnection() else {
      resources.counters.droppedNoConnectionSlot &+= 1
      return
    }
    pendingCount &+= 1
    connections[index].openPassively(segment, now: now, resources: &resources)
    table.insert(index, flow: segment.flow)
    listForOutput(index)
  }

  private mutating func refuse(_ segment: IncomingSegment) {
    guard let answer = StatelessReply(refusing: segment) else { return }
    resources.counters.resetsSent &+= 1
    reply(answer)
  }

  func isListening(on port: UInt16) -> Bool {
    listeners[UInt32(port) &>> 6] & (1 &<< UInt64(port & 63)) != 0
  }
}
