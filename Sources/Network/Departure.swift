import Packets
import TCP

/// Flow groups on their way from this core to another: NetworkStack+Departure.swift.
struct Departure: BitwiseCopyable {
  enum Stage: BitwiseCopyable {
    case idle
    /// Waits until connections are at rest.
    case asking
    /// Waits until the other core has set places aside.
    case announced
    /// Connections are being sent.
    case moving
    /// Waits until nobody sends packets here any more.
    case flushing
    /// Takes what the device had received before that.
    case draining
    /// Waits until the other core has taken everything.
    case finishing
  }

  var stage = Stage.idle
  /// The core that gets the groups.
  var target = 0
  /// What is still to go, and of that what is to go next, as soon as it is at rest.
  var wanted = FlowGroupSet()
  var slice = FlowGroupSet()
  /// Something of the slice has gone; and of how many slices before it nothing has.
  var hasSliceMoved = false
  var idleSliceCount = 0
  /// What goes now, and its connections.
  var going = FlowGroupSet()
  var chain = ConnectionChain()
  var position = TravelPosition(of: ConnectionChain())
  /// Places that the other core was asked for, and its answer.
  var announcedCount = 0
  var isGranted: Bool?
  /// When what of the slice does not come to rest stays.
  var deadline = Instant(nanoseconds: 0)
  var frozenAt = Instant(nanoseconds: 0)
  /// Cores, one bit each, that have not been told of the change, and that have not answered.
  var untold: UInt64 = 0
  var unanswered: UInt64 = 0
  /// Frames that will have been received when the device has nothing older left.
  var drainGoal: UInt64 = 0
  /// Behind the last message about what goes now, in the ring to the other core.
  var end: UInt32 = 0

  /// Packets of other cores may still come here that concern groups which have gone.
  @inline(__always)
  var isPassingOn: Bool { stage != .idle }
}

/// What has become of flow groups that were to change their core.
package struct MigrationCounters: BitwiseCopyable, Sendable {
  /// Groups that went from here to another core, or came from one, with their connections.
  package var departedGroups: UInt64 = 0
  package var arrivedGroups: UInt64 = 0
  package var arrivedConnections: UInt64 = 0
  /// Groups that stayed because their connections did not come to rest in time.
  package var stayedGroups: UInt64 = 0
  /// Packets that were kept until older ones had arrived, and those there was no room for.
  package var heldPackets: UInt64 = 0
  package var droppedPackets: UInt64 = 0
  /// How long arrived connections stood still: element n counts those of less than 2^(n+5)
  /// microseconds, the last one all others.
  package var pauses = InlineArray<10, UInt64>(repeating: 0)

  package init() {}

  /// Of all pauses.
  package var pauseSum = Interval.zero

  mutating func count(pause: Interval) {
    pauseSum = pauseSum + pause
    var index = 0
    while index < 9, pause.nanoseconds >= 32_000 &<< UInt64(index) { index &+= 1 }
    pauses[index] &+= 1
  }
}
