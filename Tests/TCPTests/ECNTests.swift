import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// ECN (RFC 3168): who agrees to it, what is marked, and what marks do.
@Suite struct ECNTests {
  static func script(
    _ policy: ECNPolicy = .accepts, _ choice: CongestionChoice = .cubic
  ) -> Script {
    var configuration = Configuration()
    configuration.ecn = policy
    configuration.receiveWindow = 30_000
    configuration.receiveWindowLimit = 30_000
    configuration.congestionChoice = choice
    return Script(configuration)
  }

  /// A passive open by a peer that asks for ECN.
  static func established(_ choice: CongestionChoice = .cubic) throws -> Script {
    var script = script(.accepts, choice)
    #expect(script.host.endpoint.listen(port: Script.port) == .ok)
    let setup = TCPFlags.syn | .ece | .cwr
    let reply = try #require(script.inject(setup, options: Script.synOptions()).first)
    #expect(reply.flags == .syn | .ack | .ece && !reply.isECNCapable)
    script.initial = reply.sequence
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    script.inject(.ack)
    guard case .knock(let handle, _) = script.host.events().first else { throw Unexpected() }
    script.handle = handle
    #expect(script.host.endpoint.accept(handle, cookie: 99) == .ok)
    return script
  }

  /// Section 6.1.5: data is ECN-capable, ACKs and what is sent again are not.
  @Test func newDataIsECNCapableAndNothingElse() throws {
    let script = try Self.established()
    #expect(script.send([1]) == .taken(1))
    #expect(script.host.output().map(\.isECNCapable) == [true])
    script.host.advance(by: .milliseconds(20))
    let again = script.host.output()
    #expect(again.map(\.payload) == [[1]] && again.map(\.isECNCapable) == [false])
    #expect(script.inject(.ack, [1]).map(\.isECNCapable) == [false])
  }

  @Test(arguments: [TCPFlags.syn, .syn | .ece, .syn | .cwr])
  func aPeerThatDoesNotAskGetsNone(flags: TCPFlags) throws {
    let script = Self.script()
    #expect(script.host.endpoint.listen(port: Script.port) == .ok)
    #expect(script.inject(flags).map(\.flags) == [.syn | .ack])
  }

  @Test func whoHasItTurnedOffDoesNotAgree() {
    let script = Self.script(.off)
    #expect(script.host.endpoint.listen(port: Script.port) == .ok)
    #expect(script.inject(.syn | .ece | .cwr).map(\.flags) == [.syn | .ack])
  }

  /// Section 6.1.1: a peer that repeats its SYN without the flags has given ECN up.
  @Test func aRepeatedSYNWithoutTheFlagsEndsIt() throws {
    let script = Self.script()
    #expect(script.host.endpoint.listen(port: Script.port) == .ok)
    #expect(script.inject(.syn | .ece | .cwr).map(\.flags) == [.syn | .ack | .ece])
    #expect(script.inject(.syn).map(\.flags) == [.syn | .ack])
  }

  private func connect(_ script: inout Script) throws -> TestSegment {
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: Script.peerPort,
      cookie: 99, now: script.host.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    script.handle = handle
    let syn = try #require(script.host.output().first)
    script.flow.localPort = syn.flow.remotePort
    script.acknowledged = syn.sequence &+ 1
    return syn
  }

  /// A SYN-ACK with both flags only repeats what was sent to it.
  @Test(arguments: [TCPFlags.ece, .none, .ece | .cwr])
  func ourRequestIsAgreedToByECEAlone(flags: TCPFlags) throws {
    var script = Self.script(.requests)
    #expect(try connect(&script).flags == .syn | .ece | .cwr)
    script.inject(.syn | .ack | flags, options: Script.synOptions())
    script.next &+= 1
    #expect(script.send([1]) == .taken(1))
    #expect(script.host.output().map(\.isECNCapable) == [flags == .ece])
  }

  /// Section 6.1.1.1.
  @Test func aSYNThatIsRepeatedDoesNotAskAgain() throws {
    var script = Self.script(.requests)
    _ = try connect(&script)
    script.host.advance(by: .milliseconds(1_100))
    #expect(script.host.output().map(\.flags) == [.syn])
    script.inject(.syn | .ack | .ece, options: Script.synOptions())
    script.next &+= 1
    #expect(script.send([1]) == .taken(1))
    #expect(script.host.output().map(\.isECNCapable) == [false])
  }

  /// Section 6.1.3: ECE on every ACK from a mark to the peer's CWR.
  @Test func aMarkIsEchoedUntilThePeerHasReacted() throws {
    var script = try Self.established()
    func receive(_ flags: TCPFlags, marked: Bool = false) -> [TestSegment] {
      var segment = script.segment(flags, [1])
      segment.isMarked = marked
      script.host.receive(segment)
      script.next &+= 1
      return script.host.output()
    }
    #expect(receive(.ack).map(\.flags) == [.ack])
    #expect(receive(.ack, marked: true).map(\.flags) == [.ack | .ece])
    #expect(receive(.ack).map(\.flags) == [.ack | .ece])
    #expect(script.send([5]) == .taken(1))
    #expect(script.host.output().map(\.flags) == [.ack | .psh | .ece])
    script.acknowledged &+= 1
    #expect(receive(.ack | .cwr).map(\.flags) == [.ack])
    #expect(receive(.ack | .cwr, marked: true).map(\.flags) == [.ack | .ece])
    #expect(script.host.endpoint.counters.congestionMarks == 2)
  }

  /// Section 6.1.2: one reduction and one CWR for each window of data.
  @Test func anEchoReducesTheWindowOnce() throws {
    var script = try Self.established()
    func window() -> UInt32 {
      script.host.endpoint.connections[script.handle.index].control.window
    }
    let before = window()
    #expect(script.send([UInt8](repeating: 1, count: 8_000)) == .taken(8_000))
    #expect(script.host.output().count == 8)
    for _ in 0..<4 {
      script.acknowledged &+= 1_000
      script.inject(.ack | .ece)
    }
    #expect(window() < before && window() > before / 2)
    #expect(script.host.endpoint.counters.congestionReductions == 1)
    #expect(script.host.endpoint.counters.congestionEchoes == 4)
    #expect(script.send([UInt8](repeating: 1, count: 2_000)) == .taken(2_000))
    #expect(script.host.output().map { $0.flags.contains(.cwr) } == [true, false])
    // Beyond the end of that window the next echo counts.
    script.acknowledged &+= 5_000
    script.inject(.ack | .ece)
    #expect(script.host.endpoint.counters.congestionReductions == 2)
  }

  /// A SYN cookie keeps ECN where there are timestamps to keep it in.
  @Test(arguments: [true, false]) func aCookieKeepsIt(hasTimestamps: Bool) throws {
    var configuration = Configuration()
    configuration.backlog = 0
    var script = Script(configuration)
    #expect(script.host.endpoint.listen(port: Script.port) == .ok)
    var options = Script.synOptions()
    options.hasTimestamps = hasTimestamps
    options.timestampValue = 77
    let reply = try #require(script.inject(.syn | .ece | .cwr, options: options).first)
    #expect(reply.flags.contains(.ece) == hasTimestamps)
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    var answer = TCPOptions()
    answer.hasTimestamps = hasTimestamps
    answer.timestampValue = 78
    answer.timestampEcho = reply.options.timestampValue
    script.inject(.ack, options: answer)
    let found = script.host.endpoint.table.find(
      script.flow, in: script.host.endpoint.connections)
    let index = try #require(found)
    #expect(script.host.endpoint.connections[index].flags.contains(.ecn) == hasTimestamps)
  }
}

/// DCTCP (RFC 8257).
@Suite struct DCTCPTests {
  /// Section 3.2, for a batch: the bytes that were marked are acknowledged apart from the others.
  @Test func marksInABatchAreCountedByTheByte() throws {
    var script = try ECNTests.established(.dctcp)
    for isMarked in [false, true, false, false, true] {
      var segment = script.segment(.ack, [UInt8](repeating: 1, count: 1_000))
      segment.isMarked = isMarked
      script.host.receive(segment)
      script.next &+= 1_000
    }
    let replies = script.host.output()
    #expect(replies.map(\.acknowledgment) == [script.next &- 2_000, script.next])
    #expect(replies.map(\.flags) == [.ack, .ack | .ece])
    let edges = replies.map { $0.acknowledgment &+ UInt32($0.window) }
    #expect(edges[0] == edges[1])
    // No mark, no echo: there is nothing to be told of it again.
    let next = script.inject(.ack, [UInt8](repeating: 1, count: 1_000))
    #expect(next.map(\.flags) == [.ack])
  }

  @Test func whatIsMarkedWhollyNeedsOneACK() throws {
    var script = try ECNTests.established(.dctcp)
    for _ in 0..<3 {
      var segment = script.segment(.ack, [UInt8](repeating: 1, count: 1_000))
      segment.isMarked = true
      script.host.receive(segment)
      script.next &+= 1_000
    }
    #expect(script.host.output().map(\.flags) == [.ack | .ece])
  }

  /// Section 3.3: alpha follows the share of marked bytes, and the window shrinks by half of it.
  @Test func theWindowShrinksByHalfTheShareOfMarks() {
    var control = DCTCP(maximumSegment: 1_000)
    var end: UInt32 = 0
    func window(_ share: UInt32, _ control: inout DCTCP) {
      let next = SequenceNumber(end &+ 110)
      for index in 0..<100 as Range<UInt32> {
        end &+= 1
        control.observed(
          byteCount: 1, isMarked: index < share, acknowledgment: SequenceNumber(end), next: next)
      }
      end &+= 10
    }
    #expect(control.alpha == 1 << 16)
    for _ in 0..<200 { window(0, &control) }
    #expect(control.alpha == 0)
    for _ in 0..<200 { window(50, &control) }
    #expect((28_000...36_000).contains(control.alpha), "\(control.alpha)")
    let before = control.window
    control.marked(inFlight: 0, maximumSegment: 1_000, now: Instant(nanoseconds: 0))
    #expect((before * 70 / 100...before * 80 / 100).contains(control.window))
  }

  /// A switch that marks early: no loss, and a queue much shorter than the one a dropping switch
  /// gets.
  @Test func marksKeepTheQueueShortWithoutLoss() throws {
    var conditions = GoodputTests.wire("1 Gbit/s")
    conditions.rate = 1_000_000_000
    var item = GoodputTests.Case(conditions: conditions, byteCount: 4_000_000, choice: .dctcp)
    let dropping = try GoodputTests.run(item, seed: 1)
    item.conditions.markingByteCount = 30_000
    let marking = try GoodputTests.run(item, seed: 1)
    #expect(marking.retransmitted == 0 && marking.reductions > 0)
    #expect(marking.longestQueue * 2 < dropping.longestQueue)
  }
}
