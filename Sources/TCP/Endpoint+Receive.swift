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
    move(to: now, completedTransmissions: completedTransmissions)
    let buffer = buffer.relinquish()
    var found = table.find(segment.flow, in: connections)
    if found == nil { found = openByCookie(segment, now: now, pool: &pool) }
    guard let index = found else {
      pool.release(PacketBuffer(adopting: buffer))
      receiveWithoutConnection(segment, now: now, pool: &pool)
      return
    }
    let reaction = connections[index].receive(
      segment, buffer: buffer, now: now, resources: &resources, pool: &pool)
    if !reaction.contains(.keptBuffer) { pool.release(PacketBuffer(adopting: buffer)) }
    if reaction.intersects(.refuse | .reopen | .opened | .waits) {
      follow(reaction, to: segment, on: index, now: now, pool: &pool)
    }
    act(reaction, on: index, pool: &pool)
  }

  /// What is done about the rarer reactions to a segment.
  private mutating func follow(
    _ reaction: Reaction, to segment: IncomingSegment, on index: UInt32, now: Instant,
    pool: inout PacketPool
  ) {
    if reaction.contains(.opened) { endHalfOpen(index) }
    if reaction.contains(.waits) {
      timeWaits.append(index)
      endCounting(index)
    }
    if reaction.contains(.refuse) { refuse(segment) }
    guard reaction.contains(.reopen) else { return }
    let floor = connections[index].send.next
    act(connections[index].end(.closed), on: index, pool: &pool)
    receiveWithoutConnection(segment, after: floor, now: now, pool: &pool)
  }

  /// RFC 9293, sections 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
  private mutating func receiveWithoutConnection(
    _ segment: IncomingSegment, after floor: SequenceNumber? = nil, now: Instant,
    pool: inout PacketPool
  ) {
    if segment.flags.contains(.rst) {
      resources.counters.droppedNoConnection &+= 1
      return
    }
    guard isListening(on: segment.flow.localPort), !segment.flags.contains(.ack) else {
      resources.counters.droppedNoConnection &+= 1
      refuse(segment)
      return
    }
    receiveSYN(segment, after: floor, now: now, pool: &pool)
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
