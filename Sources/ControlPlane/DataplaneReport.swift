import Foundation
import IXABI

/// What `stats` and the socket say about a dataplane, as data.
package struct DataplaneReport: Encodable, Sendable {
  package struct Core: Encodable, Sendable {
    package let index: Int
    package let state: String
    package let heartbeatSeconds: Double
    package let gauges: [String: UInt64]
    package let counters: [String: UInt64]
    /// By reason; reasons that never occurred are left out.
    package let drops: [String: UInt64]
    /// By the largest size they count.
    package let batches: [String: UInt64]
    /// Entries of the indirection table that are this core's.
    package let flowGroups: [Int]
    /// How often connections stood still on their way here for less than so many microseconds.
    package let migrationPauses: [String: UInt64]

    package init(_ core: CoreSnapshot) {
      index = core.index
      state = "\(core.state)"
      heartbeatSeconds = Double(core.heartbeat) / 1e9
      gauges = Dictionary(uniqueKeysWithValues: zip(Names.gauges, core.gauges))
      counters = Dictionary(uniqueKeysWithValues: zip(Names.counters, core.counters))
      drops = Dictionary(uniqueKeysWithValues: core.dropsByReason.map { ($0.name, $0.count) })
      batches = Dictionary(
        uniqueKeysWithValues: core.batches.prefix(11).enumerated().map { ("\(1 << $0)", $1) })
      flowGroups = core.flowGroups
      migrationPauses = Dictionary(
        uniqueKeysWithValues: core.migrationPauses.enumerated().map {
          ($0 < 9 ? "\(32 << $0)" : "longer", $1)
        })
    }
  }

  package let name: String
  package let cores: [Core]

  package init(_ name: String, _ cores: [CoreSnapshot]) {
    self.name = name
    self.cores = cores.map { Core($0) }
  }
}

extension CoreSnapshot {
  /// Element n: pauses of less than 2^(n+5) microseconds, the last one all longer ones.
  package var migrationPauses: [UInt64] {
    let first = ControlCounter.migrationPauses0.rawValue
    return (first...ControlCounter.last.rawValue).map { $0 < counters.count ? counters[$0] : 0 }
  }

  /// What happened between `earlier` and this, by the guest's own clock.
  package func rates(since earlier: CoreSnapshot) -> CoreRates {
    CoreRates(earlier, self)
  }
}

/// Rates of one core, per second of the guest's clock.
package struct CoreRates: Encodable, Equatable, Sendable {
  package let core: Int
  package let state: String
  /// 0...1: the share of time in which it had something to do.
  package let load: Double
  package let framesPerSecond: Double
  package let receivedBytesPerSecond: Double
  package let sentBytesPerSecond: Double
  package let framesPerBatch: Double
  package let queueDepth: Double
  package let queueingDelayMicroseconds: Double
  package let connections: UInt64
  package let dropsPerSecond: Double
  package let retransmissionsPerSecond: Double

  init(_ from: CoreSnapshot, _ to: CoreSnapshot) {
    let seconds = max(Double(to.heartbeat &- from.heartbeat) / 1e9, 1e-9)
    let isLater = to.heartbeat > from.heartbeat
    func change(_ counter: ControlCounter) -> Double {
      isLater ? Double(to[counter] &- from[counter]) : 0
    }
    func rate(_ counter: ControlCounter) -> Double { change(counter) / seconds }
    core = to.index
    state = "\(to.state)"
    let (busy, idle) = (change(.busyNanoseconds), change(.idleNanoseconds))
    load = busy + idle > 0 ? busy / (busy + idle) : 0
    framesPerSecond = rate(.frames)
    receivedBytesPerSecond = rate(.deviceReceivedBytes)
    sentBytesPerSecond =
      rate(.deviceTransmittedHeaderBytes) + rate(.deviceTransmittedInPlaceBytes)
    let batches = change(.batches)
    framesPerBatch = batches > 0 ? change(.frames) / batches : 0
    queueDepth = to.queueDepth
    queueingDelayMicroseconds = Double(to[.queueingDelayNanoseconds]) / 1000
    connections = to[.connections]
    let drops = zip(to.drops, from.drops).reduce(0.0) { $0 + Double($1.0 &- $1.1) }
    dropsPerSecond = isLater ? drops / seconds : 0
    retransmissionsPerSecond = rate(.tcpRetransmittedSegments)
  }
}
