import IXABI
import Network
import Packets

// Flow groups that change their core, as the host asks for it.

extension ElasticThread where Device: ~Copyable {
  /// Goes on with whatever flow groups are on their way, and with parking.
  mutating func advanceFlowGroups(now: Instant) {
    if stack.isMigrating {
      stack.advanceMigration(now: now, device: &device, pool: &pool)
    } else if parkTargets != 0, now >= parkDue {
      moveAway(now: now)
    }
  }

  /// Whether this core has been parked, and has nothing left to serve.
  var isParked: Bool { parkTargets != 0 && !stack.isMigrating && stack.links.ownGroups.isEmpty }

  /// Gives all flow groups of this core, and those it may get, to `targets`, one bit for each core,
  /// until `unpark`. The first core, which may be the only one with a queue, is not parked.
  mutating func park(targets: UInt64) -> Status {
    let others = stack.links.otherCores
    guard others & 1 != 0, targets != 0, targets & ~others == 0 else { return .badArgument }
    parkTargets = targets
    parkRest = targets
    parkDue = Instant(nanoseconds: 0)
    return .ok
  }

  /// `.wrongState` when the core is not parked.
  mutating func unpark() -> Status {
    guard parkTargets != 0 else { return .wrongState }
    parkTargets = 0
    return .ok
  }

  /// The next target gets its share of what is left.
  private mutating func moveAway(now: Instant) {
    var rest = stack.links.ownGroups
    guard !rest.isEmpty else {
      parkDue = now + Self.parkInterval
      return
    }
    if parkRest == 0 { parkRest = parkTargets }
    let targetCount = parkRest.nonzeroBitCount
    let target = parkRest.trailingZeroBitCount
    let share = (rest.count &+ targetCount &- 1) / targetCount
    var groups = FlowGroupSet()
    while groups.count < share, let group = rest.popFirst() { groups.insert(group) }
    parkRest &= parkRest &- 1
    if stack.migrate(groups, to: target, now: now) != .ok { parkDue = now + Self.parkInterval }
  }

  /// Between attempts to get rid of groups that came late or stayed.
  private static var parkInterval: Interval { .milliseconds(50) }
}
