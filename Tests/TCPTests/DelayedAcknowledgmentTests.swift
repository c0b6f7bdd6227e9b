import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// When an ACK without data leaves: RFC 9293, section 3.8.6.3, and RFC 5681, section 4.2.
@Suite struct DelayedAcknowledgmentTests {
  /// A connection whose first ACKs, all of them immediate, have been sent.
  private func settled(_ configuration: Configuration = Configuration()) throws -> Script {
    var script = Script(configuration)
    try script.establish()
    for _ in 0..<16 {
      #expect(script.inject(.ack, [1]).count == 1)
      script.next &+= 1
    }
    _ = script.readAll()
    return script
  }

  @Test func theACKOfALoneSegmentWaits() throws {
    var script = try settled()
    #expect(script.inject(.ack, [1, 2]).isEmpty)
    script.next &+= 2
    script.host.advance(by: .microseconds(400))
    #expect(script.host.output().isEmpty)
    script.host.advance(by: .microseconds(200))
    #expect(script.host.output().map(\.acknowledgment) == [script.next])
    // The timer is gone, and the next ACK waits as long.
    script.host.advance(by: .seconds(1))
    #expect(script.host.output().isEmpty)
    #expect(script.inject(.ack, [3]).isEmpty)
    script.next &+= 1
    script.host.advance(by: .microseconds(600))
    #expect(script.host.output().map(\.acknowledgment) == [script.next])
  }

  @Test func aReplyCarriesTheACK() throws {
    var script = try settled()
    script.host.receive(script.segment(.ack | .psh, [1, 2]))
    script.next &+= 2
    #expect(script.send([3]) == .taken(1))
    let reply = script.host.output()
    #expect(reply.map(\.payload) == [[3]] && reply.map(\.acknowledgment) == [script.next])
    script.acknowledged &+= 1
    #expect(script.inject(.ack).isEmpty)
    script.host.advance(by: .seconds(1))
    #expect(script.host.output().isEmpty)
  }

  /// Also a reply that comes only after a while.
  @Test func aLateReplyCarriesTheDelayedACK() throws {
    var script = try settled()
    #expect(script.inject(.ack, [1, 2]).isEmpty)
    script.next &+= 2
    script.host.advance(by: .microseconds(300))
    #expect(script.send([3]) == .taken(1))
    #expect(script.host.output().map(\.acknowledgment) == [script.next])
    script.acknowledged &+= 1
    script.inject(.ack)
    script.host.advance(by: .microseconds(600))
    #expect(script.host.output().isEmpty)
  }

  @Test func twoFullSegmentsAreAcknowledgedAtOnce() throws {
    var script = try settled()
    let full = [UInt8](repeating: 1, count: 1000)
    #expect(script.inject(.ack, full).isEmpty)
    script.next &+= 1000
    #expect(script.inject(.ack, full).map(\.acknowledgment) == [script.next &+ 1000])
  }

  @Test func gapsAndTheirEndAndFINsAreAcknowledgedAtOnce() throws {
    var script = try settled()
    let gap = script.inject(.ack, [2], sequence: script.next &+ 1)
    #expect(gap.map(\.acknowledgment) == [script.next])
    #expect(script.inject(.ack, [1]).map(\.acknowledgment) == [script.next &+ 2])
    script.next &+= 2
    #expect(script.inject(.ack, [2], sequence: script.next &- 1).count == 1)
    #expect(script.inject(.ack | .fin).map(\.acknowledgment) == [script.next &+ 1])
  }

  /// RFC 9293, section 3.8.6.2.2: a window that opens is worth an ACK of its own.
  @Test func aWindowThatOpensIsToldAtOnce() throws {
    var configuration = Configuration()
    configuration.receiveWindow = 3000
    configuration.receiveWindowLimit = 3000
    var script = try settled(configuration)
    for _ in 0..<2 {
      script.inject(.ack, [UInt8](repeating: 1, count: 1000))
      script.next &+= 1000
    }
    _ = script.readAll()
    #expect(script.host.output().last?.window == 3000)
  }

  @Test func aDelayOfZeroAcknowledgesEveryBatch() throws {
    var configuration = Configuration()
    configuration.acknowledgmentDelay = .zero
    var script = try settled(configuration)
    #expect(script.inject(.ack, [1]).count == 1)
    script.next &+= 1
    #expect(script.inject(.ack, [1]).count == 1)
  }
}

/// Nagle's algorithm (RFC 9293, section 3.7.4), and the silly-window avoidance of the sender.
@Suite struct CoalescingTests {
  private func nagle() throws -> Script {
    var configuration = Configuration()
    configuration.coalescesSmallSegments = true
    var script = Script(configuration)
    try script.establish()
    return script
  }

  @Test func aSmallSegmentWaitsForTheACKOfAnother() throws {
    var script = try nagle()
    for byte in 1...3 as ClosedRange<UInt8> { #expect(script.send([byte]) == .taken(1)) }
    #expect(script.host.output().map(\.payload) == [[1, 2, 3]])
    for byte in 4...6 as ClosedRange<UInt8> {
      #expect(script.send([byte]) == .taken(1))
      #expect(script.host.output().isEmpty)
    }
    script.acknowledged &+= 3
    #expect(script.inject(.ack).map(\.payload) == [[4, 5, 6]])
  }

  @Test func wholeSegmentsDoNotWaitAndTheRestDoes() throws {
    let script = try nagle()
    #expect(script.send([UInt8](repeating: 1, count: 2_300)) == .taken(2_300))
    #expect(script.host.output().map(\.payload.count) == [1000, 1000])
    #expect(script.send([UInt8](repeating: 2, count: 700)) == .taken(700))
    #expect(script.host.output().map(\.payload.count) == [1000])
  }

  @Test func nothingWaitsThatAFINFollows() throws {
    let script = try nagle()
    #expect(script.send([1]) == .taken(1))
    #expect(script.host.output().count == 1)
    #expect(script.send([2]) == .taken(1))
    #expect(script.host.endpoint.shutdown(script.handle) == .ok)
    let last = try #require(script.host.output().first)
    #expect(last.payload == [2] && last.flags.contains(.fin))
  }

  /// RFC 9293, section 3.8.6.2.1, (4): what was held back by a small window goes after a while, as
  /// much of it as the window takes.
  @Test func aSmallWindowIsUsedAfterTheOverrideTimeout() throws {
    var script = Script()
    script.window = 2000
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 5000)) == .taken(5000))
    #expect(script.host.output().count == 2)
    script.acknowledged &+= 2000
    #expect(script.inject(.ack, window: 100).isEmpty)
    script.host.advance(by: .milliseconds(20))
    #expect(script.host.output().map(\.payload.count) == [100])
  }
}
