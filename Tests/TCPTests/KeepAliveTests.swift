import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// Keep-alive (RFC 9293, section 3.8.4) and the user timeout (section 3.8.3).
@Suite struct KeepAliveTests {
  private func set(_ option: ConnectionOption, _ value: UInt64, _ script: Script) -> Status {
    script.host.endpoint.configure(
      script.handle, option, value: value, now: script.host.now, pool: &script.host.pool)
  }

  /// MUST-25: nothing is asked of a peer unless the application wants it.
  @Test func anIdleConnectionIsLeftAloneByDefault() throws {
    var script = Script()
    try script.establish()
    for _ in 0..<100 {
      script.host.advance(by: .seconds(3600))
      #expect(script.host.output().isEmpty)
    }
    #expect(script.host.endpoint.openConnectionCount == 1)
  }

  /// MUST-24 and MUST-27; a probe is an ACK of the last octet again, without data.
  @Test func anIdlePeerIsAskedAndItsAnswerCounts() throws {
    var script = Script()
    try script.establish()
    #expect(set(.keepAlive, 7_200_000, script) == .ok)
    for _ in 0..<3 {
      script.host.advance(by: .seconds(7_190))
      #expect(script.host.output().isEmpty)
      script.host.advance(by: .seconds(11))
      let probe = script.host.output()
      #expect(probe.map(\.sequence) == [script.acknowledged &- 1])
      #expect(probe.map(\.flags) == [.ack] && probe.map(\.payload) == [[]])
      #expect(script.inject(.ack).isEmpty)
    }
    #expect(script.host.endpoint.counters.keepAliveProbes == 3)
    #expect(set(.keepAlive, 0, script) == .ok)
    script.host.advance(by: .seconds(100_000))
    #expect(script.host.output().isEmpty)
  }

  /// MUST-26: segments of the peer put the question off; so does data of ours on its way.
  @Test func aPeerThatIsHeardIsNotAsked() throws {
    var script = Script()
    try script.establish()
    #expect(set(.keepAlive, 1_000, script) == .ok)
    for _ in 0..<20 {
      script.host.advance(by: .milliseconds(900))
      #expect(script.host.output().allSatisfy { $0.sequence == script.acknowledged })
      script.inject(.ack | .psh, [1])
      script.next &+= 1
    }
    #expect(script.host.endpoint.counters.keepAliveProbes == 0)
    #expect(script.send([1]) == .taken(1))
    for _ in 0..<20 {
      script.host.advance(by: .milliseconds(500))
      #expect(script.host.output().allSatisfy { $0.payload == [1] })
    }
  }

  /// MUST-29: one question without an answer says nothing; nine do.
  @Test func aPeerThatNeverAnswersIsGivenUp() throws {
    var script = Script()
    try script.establish()
    #expect(set(.keepAlive, 1_000, script) == .ok)
    var probeCount = 0
    for _ in 0..<950 {
      script.host.advance(by: .milliseconds(10))
      probeCount += script.host.output().count
    }
    #expect(probeCount == 9 && script.host.endpoint.openConnectionCount == 1)
    script.host.advance(by: .seconds(1))
    #expect(script.host.output().map(\.flags) == [.rst | .ack])
    #expect(script.host.events() == [.dead(script.handle, 99, .timedOut)])
  }

  /// MUST-21, MAY-: R2 of one connection, to the millisecond.
  @Test func aUserTimeoutEndsAConnectionInTime() throws {
    var script = Script()
    try script.establish()
    #expect(set(.userTimeout, 3_000, script) == .ok)
    #expect(script.send([1]) == .taken(1))
    var elapsed = 0
    _ = script.host.output()
    while script.host.events().isEmpty, elapsed < 10_000 {
      script.host.advance(by: .milliseconds(10))
      _ = script.host.output()
      elapsed += 10
    }
    #expect((3_000...3_020).contains(elapsed), "ended after \(elapsed) ms")
  }

  /// The timeout covers questions, too.
  @Test func aUserTimeoutCutsKeepAliveShort() throws {
    var script = Script()
    try script.establish()
    #expect(set(.keepAlive, 1_000, script) == .ok)
    #expect(set(.userTimeout, 2_500, script) == .ok)
    for _ in 0..<245 {
      script.host.advance(by: .milliseconds(10))
      _ = script.host.output()
    }
    #expect(script.host.endpoint.openConnectionCount == 1)
    script.host.advance(by: .milliseconds(200))
    #expect(script.host.endpoint.openConnectionCount == 0)
  }

  @Test func valuesThatMakeNoSenseAreRefused() throws {
    var script = Script()
    try script.establish()
    #expect(set(.coalescing, 2, script) == .badArgument)
    #expect(set(.keepAlive, 9, script) == .badArgument)
    #expect(set(.userTimeout, 1 << 32, script) == .badArgument)
    script.handle = Handle(rawValue: script.handle.rawValue ^ 1 << 40)
    #expect(set(.coalescing, 1, script) == .staleHandle)
  }

  @Test func nagleCanBeChosenAndGivenUp() throws {
    var script = Script()
    try script.establish()
    #expect(set(.coalescing, 1, script) == .ok)
    #expect(script.send([1]) == .taken(1))
    #expect(script.host.output().count == 1)
    #expect(script.send([2]) == .taken(1))
    #expect(script.host.output().isEmpty)
    #expect(set(.coalescing, 0, script) == .ok)
    #expect(script.host.output().map(\.payload) == [[2]])
  }
}
