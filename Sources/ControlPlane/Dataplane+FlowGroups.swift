import Foundation
import IXABI

/// Flow groups that are to go from one core to another.
package struct FlowGroupMove: Equatable, Sendable {
  package var groups: ClosedRange<Int>
  package var from: Int
  package var to: Int

  package init(groups: ClosedRange<Int>, from: Int, to: Int) {
    self.groups = groups
    self.from = from
    self.to = to
  }

  /// What brings every core its share when only the first `count` serve; each core begins one move
  /// at a time. Element n of `owned` are the groups of core n. Nothing when all have their share.
  package static func moves(owned: [[Int]], among count: Int) -> [FlowGroupMove] {
    let total = owned.reduce(0) { $0 + $1.count }
    let shares = owned.indices.map { core in
      core < count ? total / count + (core < total % count ? 1 : 0) : 0
    }
    var missing = zip(shares, owned).map { $0 - $1.count }
    var moves: [FlowGroupMove] = []
    for from in owned.indices where missing[from] < 0 {
      guard let to = missing.indices.first(where: { missing[$0] > 0 }) else { break }
      let surplus = min(-missing[from], missing[to])
      guard let groups = run(of: owned[from].sorted(), atMost: surplus) else { continue }
      missing[to] -= owned[from].filter(groups.contains).count
      moves.append(FlowGroupMove(groups: groups, from: from, to: to))
    }
    return moves
  }

  /// A range with at most `count` of the groups: the last ones. What others own in between stays
  /// where it is.
  private static func run(of groups: [Int], atMost count: Int) -> ClosedRange<Int>? {
    guard count > 0, let last = groups.last else { return nil }
    return groups[max(0, groups.count - count)]...last
  }
}

extension Dataplane {
  /// Moves flow groups and waits until they have arrived, at most `seconds`; those that have not
  /// stay where they are.
  package func migrate(_ move: FlowGroupMove, seconds: Double = 2) throws(ControlError) -> [Int] {
    let deadline = Date(timeIntervalSinceNow: seconds)
    let before = page.snapshot(move.from)?.flowGroups.filter(move.groups.contains) ?? []
    while true {
      let status = try begin(move)
      if status == .ok { break }
      guard status == .wrongState, Date() < deadline else {
        throw ControlError(
          "\(name): core \(move.from)", "the dataplane refuses: \(status)",
          remedy: "see which core has which flow groups: ixlaunch stats \(name) --json")
      }
      usleep(5_000)
    }
    while Date() < deadline {
      let arrived = page.snapshot(move.to)?.flowGroups.filter(before.contains) ?? []
      let staying = page.snapshot(move.from)?.flowGroups.filter(before.contains) ?? []
      if arrived.count == before.count, staying.isEmpty { break }
      usleep(5_000)
    }
    return page.snapshot(move.to)?.flowGroups.filter(before.contains) ?? []
  }

  /// Begins a move; `.wrongState` while another one of the same core has not ended.
  package func begin(_ move: FlowGroupMove) throws(ControlError) -> Status {
    try command(
      .migrate, [UInt64(move.groups.lowerBound), UInt64(move.groups.count), UInt64(move.to)],
      core: move.from)
  }
}

/// Brings a dataplane to so many serving cores: the others are parked, and everybody gets a share.
package final class CoreScaling {
  private let dataplane: Dataplane
  package let count: Int
  private var isOrdered = false

  package init(_ dataplane: Dataplane, to count: Int) {
    self.dataplane = dataplane
    self.count = max(1, min(count, dataplane.page.coreCount))
  }

  /// Does what can be done now; true when nothing is left to do.
  package func step() throws(ControlError) -> Bool {
    guard dataplane.page.coreCount > 1 else { return true }
    if !isOrdered {
      try order()
      isOrdered = true
    }
    guard let cores = dataplane.page.snapshots() else { return false }
    let isDone = cores.allSatisfy { ($0.index >= count) == ($0.state == .parked) }
    let serving = cores.prefix(count).map { $0.flowGroups }
    let moves = FlowGroupMove.moves(owned: serving, among: count)
    for move in moves { _ = try dataplane.begin(move) }
    return isDone && moves.isEmpty
  }

  private func order() throws(ControlError) {
    let serving = UInt64.max >> UInt64(64 - count)
    for core in 1..<dataplane.page.coreCount {
      if core < count {
        // One that was not parked refuses, and is what it should be.
        try dataplane.command(.unpark, core: core)
      } else {
        try dataplane.require(.park, [serving], core: core)
      }
    }
  }
}
