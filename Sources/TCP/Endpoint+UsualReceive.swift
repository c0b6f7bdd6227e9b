import IXABI
import Packets
import Wire

extension Endpoint {
  /// Takes a usual segment of an open connection, its payload in `buffer`; false when it takes the
  /// general way (`receive`), and then nothing has been changed.
  @inline(__always)
  package mutating func receiveUsual(
    _ segment: UsualSegment, buffer: UInt32, now: Instant, completedTransmissions: UInt32,
    pool: inout PacketPool
  ) -> Bool {
    resources.completedTransmissions = completedTransmissions
    resources.moment.move(to: now)
    guard let index = table.find(segment.flow, in: connections),
      let reaction = connections[index].receiveUsual(
        segment, buffer: buffer, resources: &resources, pool: &pool)
    else { return false }
    resources.counters.receivedSegments &+= 1
    if !reaction.contains(.keptBuffer) { pool.release(PacketBuffer(adopting: buffer)) }
    list(index, after: reaction)
    rearm(index)
    return true
  }

  /// Does what the two usual reactions ask for.
  @inline(__always)
  private mutating func list(_ index: UInt32, after reaction: Reaction) {
    let listed = connections[index].flags
    if reaction.contains(.output), !listed.contains(.listedForOutput) {
      connections[index].flags.insert(.listedForOutput)
      outputQueue.append(index)
    }
    if reaction.contains(.events), !listed.contains(.listedForEvents) {
      connections[index].flags.insert(.listedForEvents)
      eventQueue.append(index)
    }
  }
}
