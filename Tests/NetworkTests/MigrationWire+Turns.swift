import Packets
import TestSupport
import Testing
import Wire

@testable import Network

// Turn by turn, for tests that choose who comes when.

extension MigrationWire {
  /// One core's turn.
  func turn(_ core: Int) {
    applications[core].turn(now: now)
    cores[core].cycle(now: now)
  }

  /// The client's turn.
  func turnClient() {
    client.turn()
    client.core.cycle(now: now)
  }

  /// What the cores have sent.
  func peekAtCores() -> [[UInt8]] { cores.flatMap { $0.device.sent.map(\.bytes) } }

  /// The same, taken off the wire.
  func takeFromCores() -> [[UInt8]] {
    cores.flatMap { $0.device.takeSent().map(\.bytes) }
  }

  /// What the client has sent arrives.
  func deliverToCores() {
    for frame in client.core.device.takeSent() {
      cores[queue(of: frame.bytes)].device.arrive(frame.bytes)
    }
  }

  /// Everybody's turn, in order, and nothing is on its way in between.
  func round() {
    pass(.microseconds(50))
    for frame in takeFromCores() { client.core.device.arrive(frame) }
    turnClient()
    deliverToCores()
    for core in cores.indices { turn(core) }
  }

  /// Eight connections of core 1, behind the only queue, which is core 0's. The first frames of the cores
  /// that `goesOn` refuses, by default the first echoes, are still with the device.
  static func streaming(
    coreCount: Int = 2, byteCount: Int = 60_000,
    until goesOn: ([UInt8]) -> Bool = { $0.count < 500 }
  ) -> MigrationWire {
    let wire = MigrationWire(
      coreCount: coreCount, card: .oneQueue, seed: 1, byteCount: byteCount, window: 1_000)
    for core in 0..<coreCount where core != 1 {
      #expect(wire.cores[core].stack.migrate(.all, to: 1, now: wire.now) == .ok)
    }
    for _ in 0..<20 { wire.round() }
    #expect(wire.cores[1].stack.links.ownGroups.count == 128)
    wire.client.open(8, to: address, now: wire.now)
    var rounds = 0
    while rounds < 1_000 {
      rounds += 1
      wire.pass(.microseconds(50))
      wire.turnClient()
      wire.deliverToCores()
      for core in wire.cores.indices { wire.turn(core) }
      if !wire.peekAtCores().allSatisfy(goesOn) { break }
      for frame in wire.takeFromCores() { wire.client.core.device.arrive(frame) }
    }
    #expect(rounds < 1_000)
    return wire
  }
}

extension FlowGroupSet {
  static var all: FlowGroupSet { FlowGroupSet(first: 0, count: 128) }
}
