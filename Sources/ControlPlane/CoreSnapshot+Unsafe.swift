import CIXABI
import IXABI

/// What one core showed at one moment.
package struct CoreSnapshot: Equatable, Sendable {
  package var index: Int
  package var state: CoreState
  /// Nanoseconds on the guest's clock.
  package var heartbeat: UInt64
  package private(set) var gauges: [UInt64]
  /// Element n: batches of more than 2^(n-1) up to 2^n frames.
  package private(set) var batches: [UInt64]
  package private(set) var counters: [UInt64]
  package private(set) var drops: [UInt64]
  /// Flow groups of this core, ascending.
  package var flowGroups: [Int] = []
  package var captured: UInt64
  package var captureDropped: UInt64

  /// `core` is a private copy.
  init(_ core: UnsafeMutablePointer<ControlCore>, index: Int) {
    self.index = index
    // SAFETY: the arrays have the lengths that ix_control.h says, and nobody writes them.
    unsafe state = CoreState(rawValue: core.pointee.state) ?? .starting
    unsafe heartbeat = core.pointee.heartbeat
    let gaugeCount = unsafe min(core.pointee.gauge_count, IX_CONTROL_GAUGE_LIMIT)
    unsafe gauges = Array(
      UnsafeBufferPointer(start: ix_control_gauges(core), count: Int(gaugeCount)))
    unsafe batches = Array(
      UnsafeBufferPointer(
        start: ix_control_batches(core), count: Int(IX_CONTROL_HISTOGRAM_LIMIT)))
    let counterCount = unsafe min(core.pointee.counter_count, IX_CONTROL_COUNTER_LIMIT)
    unsafe counters = Array(
      UnsafeBufferPointer(start: ix_control_counters(core), count: Int(counterCount)))
    let dropCount = unsafe min(core.pointee.drop_count, IX_CONTROL_DROP_LIMIT)
    unsafe drops = Array(
      UnsafeBufferPointer(start: ix_control_drops(core), count: Int(dropCount)))
    let (low, high) = unsafe core.pointee.flow_groups
    flowGroups = (0..<128).filter { ($0 < 64 ? low : high) >> UInt64($0 % 64) & 1 != 0 }
    unsafe captured = core.pointee.captured
    unsafe captureDropped = core.pointee.capture_dropped
  }

  /// Of a core that shows nothing; what is given is set. For policies and tests.
  package init(index: Int = 0, counters: [ControlCounter: UInt64], gauges: [ControlGauge: UInt64]) {
    self.index = index
    state = .running
    heartbeat = 0
    self.gauges = Array(repeating: 0, count: Int(IX_CONTROL_GAUGE_LIMIT))
    batches = Array(repeating: 0, count: Int(IX_CONTROL_HISTOGRAM_LIMIT))
    self.counters = Array(repeating: 0, count: Int(IX_CONTROL_COUNTER_LIMIT))
    drops = Array(repeating: 0, count: Int(IX_CONTROL_DROP_LIMIT))
    captured = 0
    captureDropped = 0
    for (counter, value) in counters { self.counters[counter.rawValue] = value }
    for (gauge, value) in gauges { self.gauges[gauge.rawValue] = value }
  }

  /// Zero when the image is older than the counter.
  package subscript(_ counter: ControlCounter) -> UInt64 {
    counter.rawValue < counters.count ? counters[counter.rawValue] : 0
  }

  package subscript(_ gauge: ControlGauge) -> UInt64 {
    gauge.rawValue < gauges.count ? gauges[gauge.rawValue] : 0
  }

  /// Frames of one batch and behind it, averaged.
  package var queueDepth: Double { Double(self[.queueDepth]) / 256 }
}
