import Packets
import Testing
import Wire

@testable import TCP

/// RACK-TLP (RFC 8985) and the undoing of needless repairs (RFC 2883, 3522, 4015), by script.
@Suite struct LossDetectionTests {
  static func options(timestamps: Bool = false) -> TCPOptions {
    var options = Script.synOptions()
    options.isSACKPermitted = true
    options.hasTimestamps = timestamps
    options.timestampValue = 1
    return options
  }

  /// Five segments of 1000 bytes in flight, on a path of 100 us.
  static func flight() throws -> Script {
    var script = Script()
    try script.establish(options: options())
    for _ in 0..<20 {
      #expect(script.send(RecoveryScriptTests.bytes(1000)) == .taken(1000))
      #expect(script.host.output().count == 1)
      script.host.advance(by: .microseconds(100))
      script.acknowledged &+= 1000
      #expect(script.inject(.ack).isEmpty)
    }
    _ = script.host.events()
    #expect(script.send(RecoveryScriptTests.bytes(5000)) == .taken(5000))
    #expect(script.host.output().count == 5)
    return script
  }

  static func sack(_ script: Script, _ blocks: (Int, Int)...) -> TCPOptions {
    var options = TCPOptions()
    options.sackBlockCount = UInt8(blocks.count)
    for (index, block) in blocks.enumerated() {
      options.sackBlocks[index] = SACKBlock(
        start: script.acknowledged &+ UInt32(truncatingIfNeeded: block.0),
        end: script.acknowledged &+ UInt32(truncatingIfNeeded: block.1))
    }
    return options
  }

  static func window(_ script: Script) -> UInt32 {
    script.host.endpoint.connections[script.handle.index].control.window
  }

  /// What leaves within `interval`, as offsets from what is acknowledged.
  static func sent(by script: Script, within interval: UInt64) -> [UInt32] {
    var offsets: [UInt32] = []
    for _ in 0..<(interval / 10) {
      script.host.advance(by: .microseconds(10))
      offsets += script.host.output().map { $0.sequence &- script.acknowledged }
    }
    return offsets
  }

  /// RFC 8985, section 3.3.1, "the last segment of a flight is lost": a probe after two round trips
  /// finds out, no timeout.
  @Test func aLostTailIsRepairedInMicroseconds() throws {
    var script = try Self.flight()
    script.host.advance(by: .microseconds(100))
    #expect(script.inject(.ack, ack: script.acknowledged &+ 2000).isEmpty)
    script.acknowledged &+= 2000
    #expect(Self.sent(by: script, within: 400) == [2000])
    let options = Self.sack(script, (2000, 3000))
    // RACK: what was sent before the probe and has not arrived is lost.
    let repair = script.inject(.ack, options: options).map { $0.sequence &- script.acknowledged }
    let later = Self.sent(by: script, within: 100)
    #expect(repair + later == [0, 1000])
    #expect(script.inject(.ack, ack: script.acknowledged &+ 3000).isEmpty)
    let counters = script.host.endpoint.counters
    #expect(counters.tailProbes == 1 && counters.timeouts == 0)
    #expect(counters.fastRetransmissions == 1)
  }

  /// RFC 8985, section 7.3: "If an unsent new segment exists ... the sender SHOULD send it".
  @Test func aProbeIsNewDataWhereThereIsSome() throws {
    var script = try Self.flight()
    script.window = 5000
    script.inject(.ack)
    #expect(script.send(RecoveryScriptTests.bytes(700)) == .taken(700))
    #expect(script.host.output().isEmpty)
    script.window = 60_000
    let length = UInt32(5000)
    script.host.receive(script.segment(.ack))
    #expect(script.host.output().map { $0.sequence &- script.acknowledged } == [length])
  }

  /// RFC 8985, section 7.4.2: the loss that a probe repaired halves the window all the same.
  @Test func aProbeThatRepairsALossIsACongestionSignal() throws {
    var script = try Self.flight()
    script.host.advance(by: .microseconds(100))
    script.inject(.ack, ack: script.acknowledged &+ 4000)
    script.acknowledged &+= 4000
    let before = Self.window(script)
    #expect(Self.sent(by: script, within: 6000) == [0])
    script.acknowledged &+= 1000
    script.inject(.ack)
    #expect(script.send(RecoveryScriptTests.bytes(1000)) == .taken(1000))
    #expect(script.host.output().count == 1)
    script.acknowledged &+= 1000
    script.inject(.ack)
    #expect(Self.window(script) < before)
    #expect(script.host.endpoint.counters.timeouts == 0)
  }

  /// A peer that answers a lone segment after 40 ms, and what comes twice at once, as Linux does.
  /// Returns how often segments were repeated.
  private static func repetitions(
    ofLoneSegments count: Int, in script: inout Script
  ) -> Int {
    var repetitions = 0
    for _ in 0..<count {
      #expect(script.send(RecoveryScriptTests.bytes(100)) == .taken(100))
      #expect(script.host.output().count == 1)
      var isAcknowledged = false
      for _ in 0..<40 where !isAcknowledged {
        script.host.advance(by: .milliseconds(1))
        guard !script.host.output().isEmpty else { continue }
        repetitions += 1
        script.acknowledged &+= 100
        script.inject(.ack, options: sack(script, (-100, 0)))
        isAcknowledged = true
      }
      guard !isAcknowledged else { continue }
      script.acknowledged &+= 100
      script.inject(.ack)
    }
    return repetitions
  }

  /// RFC 8985, section 7.2: the timeout allows for the peer's delay of acknowledgments once it is
  /// known; tails that are lost in fact make it short again.
  @Test func aPeerThatDelaysAcknowledgmentsIsLearned() throws {
    var script = try Self.flight()
    script.acknowledged &+= 5000
    script.inject(.ack)
    #expect((1...5).contains(Self.repetitions(ofLoneSegments: 100, in: &script)))
    #expect(Self.repetitions(ofLoneSegments: 100, in: &script) == 0)
    let before = script.host.endpoint.connections[script.handle.index].retransmission.patience
    #expect(before > 0)
    for _ in 0..<20 {
      #expect(script.send(RecoveryScriptTests.bytes(100)) == .taken(100))
      #expect(script.host.output().count == 1)
      while script.host.output().isEmpty { script.host.advance(by: .milliseconds(1)) }
      #expect(script.send(RecoveryScriptTests.bytes(100)) == .taken(100))
      _ = script.host.output()
      script.acknowledged &+= 200
      script.inject(.ack)
    }
    #expect(script.host.endpoint.connections[script.handle.index].retransmission.patience == 0)
  }

  /// The same when the probe was needless: its DSACK says so.
  @Test func aNeedlessProbeChangesNothing() throws {
    var script = try Self.flight()
    script.host.advance(by: .microseconds(100))
    script.inject(.ack, ack: script.acknowledged &+ 4000)
    script.acknowledged &+= 4000
    let before = Self.window(script)
    #expect(Self.sent(by: script, within: 6000) == [0])
    script.acknowledged &+= 1000
    script.inject(.ack)
    script.inject(.ack, options: Self.sack(script, (-1000, 0)))
    #expect(script.send(RecoveryScriptTests.bytes(1000)) == .taken(1000))
    #expect(script.host.output().count == 1)
    script.acknowledged &+= 1000
    script.inject(.ack)
    #expect(Self.window(script) >= before)
    #expect(script.host.endpoint.counters.duplicateReports == 1)
  }

  /// RFC 8985, section 6.2, step 4: reordering by less than a quarter of a round trip is not loss;
  /// more than that is.
  @Test func reorderingWithinTheWindowIsNotLoss() throws {
    var script = try Self.flight()
    script.host.advance(by: .microseconds(100))
    #expect(script.inject(.ack, options: Self.sack(script, (1000, 2000))).isEmpty)
    script.host.advance(by: .microseconds(5))
    #expect(script.inject(.ack, ack: script.acknowledged &+ 2000).isEmpty)
    script.acknowledged &+= 2000
    #expect(script.inject(.ack, options: Self.sack(script, (1000, 2000))).isEmpty)
    let repaired = Self.sent(by: script, within: 60)
    #expect(repaired == [0])
    #expect(script.host.endpoint.counters.fastRetransmissions == 1)
  }

  /// RFC 8985, section 6.2, step 4: DupThresh segments SACKed, no reordering seen: at once.
  @Test func threeSACKedSegmentsRetransmitAtOnce() throws {
    let script = try Self.flight()
    script.host.advance(by: .microseconds(100))
    #expect(script.inject(.ack, options: Self.sack(script, (1000, 2000))).isEmpty)
    #expect(script.inject(.ack, options: Self.sack(script, (1000, 3000))).isEmpty)
    let repair = script.inject(.ack, options: Self.sack(script, (1000, 4000)))
    #expect(repair.map { $0.sequence &- script.acknowledged } == [0])
  }

  /// RFC 2883, section 4, and Linux's use of it: every retransmission reported as a duplicate.
  @Test func aRepairReportedAsDuplicateIsUndone() throws {
    var script = try Self.flight()
    let before = Self.window(script)
    script.host.advance(by: .microseconds(100))
    #expect(script.inject(.ack, options: Self.sack(script, (1000, 5000))).count == 1)
    #expect(Self.window(script) < before)
    script.acknowledged &+= 5000
    script.inject(.ack)
    script.inject(.ack, options: Self.sack(script, (-5000, -4000)))
    #expect(Self.window(script) >= before)
    #expect(script.host.endpoint.counters.undoneRepairs == 1)
  }

  /// RFC 3522, section 3.2, and RFC 4015, section 3.2: the timestamp echo of the original.
  @Test func aNeedlessTimeoutIsUndone() throws {
    var script = Script()
    try script.establish(options: Self.options(timestamps: true))
    let before = Self.window(script)
    #expect(script.send(RecoveryScriptTests.bytes(3000)) == .taken(3000))
    let flight = script.host.output()
    let stamp = try #require(flight.first).options.timestampValue
    var repeated = 0
    for _ in 0..<20 {
      script.host.advance(by: .milliseconds(1))
      repeated += script.host.output().count
    }
    #expect(repeated >= 2)  // a probe, then a timeout
    #expect(Self.window(script) < before)
    let end = flight[0].sequence &+ UInt32(flight[0].payload.count)
    let answer = script.inject(
      .ack, ack: end, options: TimestampScriptTests.stamped(2, echo: stamp))
    #expect(answer.isEmpty)
    #expect(Self.window(script) >= before)
    #expect(script.host.endpoint.counters.undoneRepairs == 1)
  }

  /// RFC 2883, section 4.1.1: our own reports, below and above the cumulative acknowledgment.
  @Test func duplicatesAreReported() throws {
    var script = Script()
    try script.establish(options: Self.options())
    let start = script.next
    script.inject(.ack, [1, 2, 3])
    let below = try #require(script.inject(.ack, [1, 2, 3]).first)
    #expect(below.options.sackBlockCount == 1)
    #expect(below.options.sackBlocks[0] == SACKBlock(start: start, end: start &+ 3))
    script.inject(.ack, [9], sequence: start &+ 8)
    let above = try #require(script.inject(.ack, [9], sequence: start &+ 8).first)
    #expect(above.options.sackBlockCount == 2)
    #expect(above.options.sackBlocks[0] == above.options.sackBlocks[1])
    let plain = try #require(script.inject(.ack, [4], sequence: start &+ 3).first)
    #expect(plain.options.sackBlockCount == 1)
  }
}
