import Packets
import TestSupport
import Testing
import Wire

@testable import Network

/// Answers that are late because a core is: nobody sends again what has long been answered.
@Suite struct HearingTests {
  /// The answers to what one core has sent lie in the queue of another, which does not run. Where there
  /// are none, losses are repaired when that core runs again.
  @Test(arguments: [true, false])
  func answersInAnotherCoresQueueAreWaitedFor(areThere: Bool) {
    let wire = MigrationWire.streaming()
    for frame in wire.takeFromCores() where areThere { wire.client.core.device.arrive(frame) }
    wire.turnClient()
    wire.deliverToCores()
    for _ in 0..<60 {
      wire.pass(.microseconds(500))
      wire.turn(1)
    }
    #expect(wire.sum(\.retransmittedSegments) == 0)
    for _ in 0..<200 { wire.round() }
    #expect((wire.sum(\.retransmittedSegments) == 0) == areThere)
  }

  /// A core that never runs again delays repairs, but not for ever.
  @Test func aCoreThatDoesNotAnswerIsNotWaitedForWithoutEnd() {
    let wire = MigrationWire.streaming()
    _ = wire.takeFromCores()
    for _ in 0..<200 {
      wire.pass(.microseconds(500))
      wire.turn(1)
    }
    #expect(wire.cores[1].stack.tcp.counters.retransmittedSegments > 0)
  }

  /// Connections whose FINs are not acknowledged stand still on their way to another core for longer
  /// than their timeout; the acknowledgments come behind them, and in time.
  @Test func theTimeOfTheJourneyDoesNotCountForRetransmissions() {
    let wire = MigrationWire.streaming(byteCount: 3_000) { !Self.isFIN($0) }
    for frame in wire.takeFromCores() { wire.client.core.device.arrive(frame) }
    wire.turnClient()
    #expect(wire.cores[1].stack.migrate(.all, to: 0, now: wire.now) == .ok)
    for _ in 0..<20 where wire.cores[1].stack.tcp.openConnectionCount > 0 {
      wire.turn(1)
      wire.turn(0)
    }
    #expect(wire.cores[1].stack.tcp.openConnectionCount == 0)
    #expect(wire.cores[0].stack.migrations.arrivedConnections == 0)
    wire.pass(.milliseconds(30))
    for _ in 0..<8 {
      wire.turn(1)
      wire.turn(0)
    }
    #expect(wire.cores[0].stack.migrations.arrivedConnections == 8)
    wire.deliverToCores()
    for _ in 0..<4 { wire.round() }
    #expect(wire.sum(\.retransmittedSegments) == 0)
    #expect(wire.sum(\.resetsSent) == 0)
    #expect(wire.cores[0].stack.tcp.openConnectionCount == 0)
  }

  private static func isFIN(_ frame: [UInt8]) -> Bool {
    frame.count >= 54 && frame[12] == 8 && frame[13] == 0 && frame[47] & 1 != 0
  }
}
