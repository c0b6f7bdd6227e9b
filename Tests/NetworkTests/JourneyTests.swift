import Packets
import TestSupport
import Testing
import Wire

@testable import Network

/// Segments of flow groups that are on their way from core 1 to core 2, behind core 0's queue.
@Suite struct JourneyTests {
  /// Old duplicates arrive at every step of the journey, at one core or another: they wait for their
  /// connection or go to its owner, and nobody answers by RST as if there were none.
  @Test(arguments: [0, 1, 2], 0..<7)
  func aSegmentOfATravellingGroupIsNeverRefused(queue: Int, firstStep: Int) {
    let wire = MigrationWire.streaming(coreCount: 3)
    let duplicates = Self.clientFrames(of: wire)
    for frame in duplicates { wire.cores[0].device.arrive(frame) }
    #expect(wire.cores[1].stack.migrate(.all, to: 2, now: wire.now) == .ok)
    var step = 0
    while step < 1_000, wire.isMigrating || step < 20 {
      step += 1
      if step % 3 == 0 { Self.exchange(on: wire) }
      // A connection that receives something in each cycle does not come to rest.
      if step % 7 == firstStep {
        for frame in duplicates { wire.cores[queue].device.arrive(frame) }
      }
      wire.turn((step * 2) % 3)
    }
    #expect(wire.cores[2].stack.migrations.arrivedConnections == 8)
    for _ in 0..<20 { wire.round() }
    #expect(wire.sum(\.resetsSent) == 0)
    #expect(wire.sum(\.droppedNoConnection) == 0)
    for core in wire.cores { #expect(core.stack.links.counters.dropped == 0) }
  }

  /// Of what the client sends as its groups change their owner, the first part goes by the old owner and
  /// the rest straight to the new one, whose rings are looked at in any order: nothing is overtaken.
  @Test(arguments: [0, 1, 2])
  func nothingIsOvertakenByWhatCameTheShorterWay(idleTurns: Int) {
    let wire = MigrationWire.streaming(coreCount: 3)
    #expect(wire.cores[1].stack.migrate(.all, to: 2, now: wire.now) == .ok)
    var departure = wire.cores[1].stack.departure
    for _ in 0..<100 where departure.isGranted != true || departure.announcedCount == 0 {
      wire.round()
      departure = wire.cores[1].stack.departure
    }
    #expect(departure.stage == .announced && departure.announcedCount > 0)
    wire.client.window = 6_000
    let frames = Self.clientFrames(of: wire)
    let (first, rest) = Self.split(frames)
    #expect(first.count == 8)
    #expect(rest.count >= 8)
    for frame in first { wire.cores[0].device.arrive(frame) }
    for _ in 0..<3 { wire.turn(0) }
    for _ in 0..<3 { wire.turn(1) }
    #expect(wire.cores[1].stack.departure.chain.count == departure.announcedCount)
    for frame in rest { wire.cores[0].device.arrive(frame) }
    for _ in 0..<3 { wire.turn(0) }
    for _ in 0..<idleTurns { _ = wire.cores[2].stack.links.core(inTurn: 0) }
    for _ in 0..<4 { wire.turn(2) }
    // What is kept back there, in the order in which it would be taken.
    let core = wire.cores[2]
    var newest: [UInt16: UInt32] = [:]
    var count = 0
    while let held = core.stack.arrivals.removeOldest(of: .all) {
      let start = core.pool.pointer(to: held.buffer) + Int(held.packet.payloadOffset)
      let port = UInt16(bigEndian: start.loadUnaligned(as: UInt16.self))
      let sequence = UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      if let before = newest[port] { #expect(sequence > before) }
      newest[port] = sequence
      count += 1
    }
    #expect(count > newest.count)
  }

  /// What the client sends now, as it is on the wire.
  private static func clientFrames(of wire: MigrationWire) -> [[UInt8]] {
    for frame in wire.takeFromCores() { wire.client.core.device.arrive(frame) }
    for _ in 0..<4 { wire.turnClient() }
    return wire.client.core.device.takeSent().map(\.bytes)
  }

  /// The first frame of each connection, and all others.
  private static func split(_ frames: [[UInt8]]) -> (first: [[UInt8]], rest: [[UInt8]]) {
    var ports = Set<[UInt8]>()
    var result: (first: [[UInt8]], rest: [[UInt8]]) = ([], [])
    for frame in frames {
      if ports.insert(Array(frame[34..<36])).inserted {
        result.first.append(frame)
      } else {
        result.rest.append(frame)
      }
    }
    return result
  }

  private static func exchange(on wire: MigrationWire) {
    wire.pass(.microseconds(50))
    for frame in wire.takeFromCores() { wire.client.core.device.arrive(frame) }
    wire.turnClient()
    wire.deliverToCores()
  }
}
