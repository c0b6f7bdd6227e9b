import IXABI
import Packets
import Wire

extension Endpoint {
  /// What comes next happens at `now`, when the device has finished `completedTransmissions` frames:
  /// acknowledged memory is given back only when the device cannot read it any more.
  @inline(__always)
  package mutating func move(to now: Instant, completedTransmissions: UInt32) {
    resources.completedTransmissions = completedTransmissions
    resources.moment.move(to: now)
  }

  /// Takes a usual segment of an open connection, its payload in `buffer`; false when it takes the
  /// general way (`receive`), and then nothing has been changed.
  ///
  /// The application is told at once, when there is room for that and nothing else to tell it first;
  /// otherwise `deliver` tells it. `move` has told the time.
  @inline(__always)
  package mutating func receiveUsual<Events: ConnectionEvents & ~Copyable>(
    _ segment: UsualSegment, buffer: UInt32, pool: inout PacketPool, events: inout Events
  ) -> Bool {
    guard let index = table.find(segment.flow, in: connections) else { return false }
    let tellsNow =
      segment.payloadByteCount > 0 && events.roomCount > 0
      && connections[index].hasNothingToTell
    guard
      var reaction = connections[index].receiveUsual(
        segment, buffer: buffer, queues: !tellsNow, resources: &resources, pool: &pool)
    else { return false }
    resources.counters.receivedSegments &+= 1
    if tellsNow {
      reaction.remove(.events)
      tell(index, of: segment, in: buffer, pool: &pool, events: &events)
    }
    if !reaction.contains(.keptBuffer) { pool.release(PacketBuffer(adopting: buffer)) }
    list(index, after: reaction)
    // Nothing in flight, no timer that could be earlier than before.
    if !connections[index].scoreboard.isEmpty { rearm(index) }
    return true
  }

  /// Lends the application a segment's text; what was acknowledged with it is told with it, where
  /// that is wanted.
  @inline(__always)
  private mutating func tell<Events: ConnectionEvents & ~Copyable>(
    _ index: UInt32, of segment: UsualSegment, in buffer: UInt32, pool: inout PacketPool,
    events: inout Events
  ) {
    var acknowledged = connections[index].release.unreportedByteCount
    var window: UInt32 = 0
    if acknowledged > 0 {
      if events.mergesSent {
        connections[index].release.unreportedByteCount = 0
        window = connections[index].suggestedByteCount(resources: resources)
      } else {
        acknowledged = 0
        listForEvents(index)
      }
    }
    let handle = handle(of: index)
    pool.lend(buffer, to: index, generation: handle.generation)
    events.received(
      handle, cookie: connections[index].cookie, buffer: buffer,
      offset: Int(segment.payloadOffset), byteCount: Int(segment.payloadByteCount),
      acknowledged: acknowledged, window: window)
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

extension Connection {
  /// An application owns the connection and knows everything that has happened to it.
  @inline(__always)
  fileprivate var hasNothingToTell: Bool {
    flags & (.owned | .rareEvents | .listedForEvents) == .owned && delivery.isEmpty
  }
}
