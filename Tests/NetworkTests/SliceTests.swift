import Packets
import TCP
import TestSupport
import Testing
import Wire

@testable import Network

/// Many connections go to another core in slices: none of its steps keeps a core for long.
@Suite struct SliceTests {
  static var limit: Int { NetworkStack<SelectedControl>.sliceLimit }

  /// Of all connections of a core at most so many leave, and arrive, in a cycle; all arrive in the end.
  @Test func noCycleHasToDoWithMoreConnectionsThanASlice() {
    let wire = Self.crowdedWire()
    let count = wire.cores[0].stack.tcp.openConnectionCount
    #expect(count > Self.limit)
    #expect(wire.cores[0].stack.migrate(.all, to: 1, now: wire.now) == .ok)
    let largest = Self.run(wire)
    #expect(largest.departing <= Self.limit && largest.departing > 1)
    #expect(largest.arriving <= Self.limit)
    #expect(wire.arrivedConnectionCount == UInt64(count))
    #expect(wire.cores[0].stack.links.ownGroups.isEmpty)
    #expect(wire.cores[0].stack.migrations.stayedGroups == 0)
  }

  /// A connection that is not let go keeps its group, but not the slices behind it.
  @Test func aConnectionThatStaysKeepsOnlyItsGroup() {
    let wire = Self.crowdedWire()
    let kept = wire.applications[0].handles.min { $0.flowGroup < $1.flowGroup }
    wire.applications[0].kept = kept
    #expect(wire.cores[0].stack.migrate(.all, to: 1, now: wire.now) == .ok)
    _ = Self.run(wire)
    #expect(wire.cores[0].stack.links.ownGroups.count == 1)
    #expect(kept.map { wire.cores[0].stack.links.ownGroups.contains($0.flowGroup) } == true)
    #expect(wire.cores[0].stack.migrations.stayedGroups == 1)
  }

  /// Takes turns until nothing is on its way; the most connections that left, and arrived, in a turn.
  private static func run(_ wire: MigrationWire) -> (departing: Int, arriving: Int) {
    var largest = (departing: 0, arriving: 0)
    var rounds = 0
    while wire.isMigrating, rounds < 10_000 {
      rounds += 1
      let before = wire.arrivedConnectionCount
      wire.round()
      largest.departing = max(largest.departing, wire.cores[0].stack.departure.chain.count)
      largest.arriving = max(largest.arriving, Int(wire.arrivedConnectionCount - before))
    }
    #expect(!wire.isMigrating)
    return largest
  }

  /// Two cores with 800 connections that nothing is sent on.
  private static func crowdedWire() -> MigrationWire {
    let wire = MigrationWire(
      coreCount: 2, card: .oneQueue, seed: 1, byteCount: 1, window: 0, connectionCount: 1024)
    for _ in 0..<50 {
      wire.client.open(16, to: MigrationWire.address, now: wire.now)
      for _ in 0..<4 { wire.round() }
    }
    #expect(wire.client.connectedCount == 800)
    return wire
  }
}
