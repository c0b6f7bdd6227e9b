import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// Requirements of RFC 9293 that no other test is about.
@Suite struct RequirementScriptTests {
  /// MUST-15, MUST-16.
  @Test(arguments: [(nil, 536), (1000, 1000), (9000, 1460), (0, 216)] as [(UInt16?, Int)])
  func segmentsAreAsLongAsBothSidesAndTheDefaultAllow(announced: UInt16?, sent: Int) throws {
    var script = Script()
    var options = TCPOptions()
    options.maximumSegmentByteCount = announced
    try script.establish(options: options)
    #expect(script.send([UInt8](repeating: 1, count: 3000)) == .taken(3000))
    #expect(script.host.output().first?.payload.count == sent)
  }

  /// MUST-14, MUST-65, MUST-67.
  @Test func theMSSIsAnnouncedInSYNsOnly() throws {
    var script = Script()
    _ = script.host.endpoint.listen(port: Script.port)
    let reply = try #require(script.inject(.syn, options: Script.synOptions()).first)
    #expect(reply.options.maximumSegmentByteCount == 1460)
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    script.inject(.ack)
    let answer = script.inject(.ack, [1])
    #expect(answer.map(\.options.maximumSegmentByteCount) == [nil])
  }

  /// MUST-34, MUST-35: what was sent may be acknowledged although the window has shrunk.
  @Test func aShrunkenWindowIsSurvivedAndProbed() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 4000)) == .taken(4000))
    #expect(script.host.output().count == 4)
    script.inject(.ack, ack: script.acknowledged &+ 1000, window: 500)
    script.inject(.ack, ack: script.acknowledged &+ 1000, window: 0)
    var probes = 0
    for _ in 0..<20 {
      script.host.advance(by: .seconds(1))
      probes += script.host.output().count
    }
    #expect(probes > 0)
    #expect(script.inject(.ack, ack: script.acknowledged &+ 4000).isEmpty)
    let connection = script.host.endpoint.connections[script.handle.index]
    #expect(connection.state == .established && connection.scoreboard.isEmpty)
  }

  /// MUST-38: no dust into a small window.
  @Test func aSenderWaitsForHalfTheLargestWindowOrAWholeSegment() throws {
    var script = Script()
    script.window = 2000
    try script.establish()
    #expect(script.send([UInt8](repeating: 1, count: 5000)) == .taken(5000))
    #expect(script.host.output().map(\.payload.count) == [1000, 1000])
    let dust = script.inject(.ack, ack: script.acknowledged &+ 2000, window: 100)
    #expect(dust.isEmpty)
    let whole = script.inject(.ack, ack: script.acknowledged &+ 2000, window: 1000)
    #expect(whole.map(\.payload.count) == [1000])
  }

  /// MUST-39: the edge moves by a segment or half the buffer, and never back.
  @Test func aReceiverDoesNotOfferDust() throws {
    var configuration = Configuration()
    configuration.receiveWindow = 8000
    var script = Script(configuration)
    try script.establish()
    var edge: UInt32 = 0
    for _ in 0..<40 {
      let reply = script.inject(.ack, [UInt8](repeating: 1, count: 100))
      script.next &+= 100
      for segment in reply {
        let offered = segment.acknowledgment &+ UInt32(segment.window)
        #expect(edge == 0 || offered == edge || offered &- edge >= 1460)
        edge = offered
      }
      _ = script.readAll()
    }
  }

  /// MUST-42.
  @Test func aPortCanBeListenedOnWhileAConnectionAttemptIsUnderWay() throws {
    let script = Script()
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    guard case .connecting = outcome else { throw Unexpected() }
    let syn = try #require(script.host.output().first)
    #expect(script.host.endpoint.listen(port: syn.flow.remotePort) == .ok)
    #expect(script.host.endpoint.openConnectionCount == 1)
  }

  /// MUST-46.
  @Test(arguments: [
    IPv4Address(224, 0, 0, 1), IPv4Address(255, 255, 255, 255), IPv4Address(0, 0, 0, 0),
    IPv4Address(240, 0, 0, 1),
  ])
  func noConnectionIsOpenedToAGroup(address: IPv4Address) {
    let script = Script()
    let outcome = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: address, remotePort: 80, cookie: 5,
      now: script.host.now)
    #expect(outcome == .refused(.badArgument))
  }

  /// MUST-20, MUST-22, MUST-23.
  @Test func aSYNIsRepeatedForThreeMinutes() throws {
    let script = Script()
    _ = script.host.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 80, cookie: 5,
      now: script.host.now)
    var count = script.host.output().count
    for _ in 0..<179 {
      script.host.advance(by: .seconds(1))
      count += script.host.output().count
    }
    #expect(count > 5 && script.host.events().isEmpty)
    for _ in 0..<61 {
      script.host.advance(by: .seconds(1))
      _ = script.host.output()
    }
    guard case .connected(_, 5, .timedOut) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
  }

  /// MUST-58, MUST-59: one ACK for what arrived in one batch.
  @Test func theSegmentsOfABatchAreAcknowledgedTogether() throws {
    var script = Script()
    try script.establish()
    for _ in 0..<10 {
      script.host.receive(script.segment(.ack, [1, 2]))
      script.next &+= 2
    }
    #expect(script.host.output().map(\.acknowledgment) == [script.next])
  }

  /// MUST-66: at a closed window of ours a RST still resets.
  @Test func aRSTCountsAtAClosedWindow() throws {
    var configuration = Configuration()
    configuration.receiveWindow = 3000
    var script = Script(configuration)
    try script.establish()
    for _ in 0..<3 {
      script.inject(.ack, [UInt8](repeating: 1, count: 1000))
      script.next &+= 1000
    }
    let connection = script.host.endpoint.connections[script.handle.index]
    #expect(connection.receive.edge == connection.receive.next)
    script.inject(.rst)
    #expect(script.host.endpoint.openConnectionCount == 0)
  }

  /// MUST-17: Nagle's algorithm is off.
  @Test func aSmallSegmentDoesNotWaitForTheACKOfAnother() throws {
    var script = Script()
    try script.establish()
    for byte in 1...3 as ClosedRange<UInt8> {
      #expect(script.send([byte]) == .taken(1))
      #expect(script.host.output().map(\.payload) == [[byte]])
    }
  }
}

/// What one batch brings for one connection (GRO in software).
@Suite struct BatchTests {
  /// One event, one buffer and one ACK for many small segments; long ones stay where they are.
  @Test func smallSegmentsOfABatchBecomeOneEvent() throws {
    var script = Script()
    try script.establish()
    for index in 0..<40 as Range<UInt8> {
      script.host.receive(script.segment(.ack, [index, index]))
      script.next &+= 2
    }
    script.host.receive(script.segment(.ack | .fin, [40]))
    #expect(script.host.output().map(\.acknowledgment) == [script.next &+ 2])
    let events = script.host.events()
    #expect(events.count == 2 && events.last == .peerClosed(script.handle, 99))
    guard case .received(_, _, let buffer, let offset, let count) = events[0] else {
      throw Unexpected()
    }
    #expect(
      script.host.bytes(of: buffer, offset, count)
        == (0..<40 as Range<UInt8>).flatMap { [$0, $0] } + [40])
    #expect(
      script.host.endpoint.receiveDone(
        script.handle, buffer: buffer, byteCount: count, pool: &script.host.pool) == .ok)
    #expect(script.host.pool.freeCount == script.host.pool.count)
    let connection = script.host.endpoint.connections[script.handle.index]
    #expect(connection.receive.heldByteCount == 0 && connection.receive.heldBufferCount == 0)
  }

  @Test func longTextIsNotCopied() throws {
    var script = Script()
    try script.establish()
    for count in [1400, 100, 129, 100, 1400] {
      script.host.receive(script.segment(.ack, [UInt8](repeating: 1, count: count)))
      script.next &+= UInt32(count)
    }
    #expect(script.readAll().count == 3_129)
    #expect(script.host.pool.copiedByteCount == 100)
  }

  /// What the application has been lent is not written to any more.
  @Test func textBehindWhatWasDeliveredGetsABufferOfItsOwn() throws {
    var script = Script()
    try script.establish()
    for byte in 1...3 as ClosedRange<UInt8> {
      script.inject(.ack, [byte])
      script.next &+= 1
      #expect(script.host.events().count == 1)
    }
    #expect(script.host.pool.copiedByteCount == 0)
  }

  /// Dust that is not read fills the window by bytes, not by buffers.
  @Test func dustDoesNotExhaustTheBuffers() throws {
    var script = Script(bufferCount: 64)
    try script.establish()
    for _ in 0..<5_000 {
      script.inject(.ack, [1])
      script.next &+= 1
    }
    #expect(script.host.endpoint.counters.droppedBufferLimit == 0)
    #expect(script.host.pool.count - script.host.pool.freeCount <= 6)
    #expect(script.readAll().count == 5_000)
  }
}
