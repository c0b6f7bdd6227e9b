import IXABI
import Packets
import Testing
import Wire

@testable import TCP

@Suite struct RecoveryScriptTests {
  static func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0) }
  }

  /// RFC 5681, section 3.2, and RFC 6582, section 3.2.
  @Test func threeDuplicatesRetransmitAndAPartialACKRetransmitsTheNext() throws {
    var script = Script()
    try script.establish()
    #expect(script.send(Self.bytes(5000)) == .taken(5000))
    let flight = script.host.output()
    #expect(flight.map(\.payload.count) == [1000, 1000, 1000, 1000, 1000])
    #expect(script.inject(.ack).isEmpty)
    #expect(script.inject(.ack).isEmpty)
    let first = script.inject(.ack)
    #expect(first.map(\.sequence) == [script.initial &+ 1])
    #expect(first.first?.payload == flight.first?.payload)
    let second = script.inject(.ack, ack: script.initial &+ 2001)
    #expect(second.map(\.sequence) == [script.initial &+ 2001])
    #expect(script.inject(.ack, ack: script.initial &+ 5001).isEmpty)
    #expect(script.host.endpoint.counters.fastRetransmissions == 1)
    #expect(script.host.endpoint.counters.retransmittedSegments == 2)
  }

  /// RFC 5681, section 4.2, and RFC 9293, section 3.10.7.4: out of order, then the gap.
  @Test func textBehindAGapIsKeptAndDeliveredInOrder() throws {
    var script = Script()
    try script.establish()
    let start = script.next
    #expect(script.inject(.ack, [3, 4], sequence: start &+ 2).map(\.acknowledgment) == [start])
    #expect(script.inject(.ack, [7, 8], sequence: start &+ 6).map(\.acknowledgment) == [start])
    #expect(script.inject(.ack, [4, 5, 6, 7], sequence: start &+ 3).count == 1)
    #expect(script.readAll().isEmpty)
    #expect(script.inject(.ack, [1, 2, 3], sequence: start).map(\.acknowledgment) == [start &+ 8])
    #expect(script.readAll() == [1, 2, 3, 4, 5, 6, 7, 8])
    let free = script.host.pool.freeCount
    #expect(free == script.host.pool.count)
  }

  /// RFC 2018, section 4: the latest range first.
  @Test func gapsAreReportedBySACK() throws {
    var script = Script()
    var options = Script.synOptions()
    options.isSACKPermitted = true
    try script.establish(options: options)
    let start = script.next
    script.inject(.ack, [1], sequence: start &+ 10)
    let reply = try #require(script.inject(.ack, [1], sequence: start &+ 20).first)
    #expect(reply.options.sackBlockCount == 2)
    #expect(reply.options.sackBlocks[0] == SACKBlock(start: start &+ 20, end: start &+ 21))
    #expect(reply.options.sackBlocks[1] == SACKBlock(start: start &+ 10, end: start &+ 11))
  }

  /// RFC 9293, section 3.8.6.1: probes of a closed window, and what opens it.
  @Test func aClosedWindowIsProbedUntilItOpens() throws {
    var script = Script()
    try script.establish()
    #expect(script.inject(.ack, window: 0).isEmpty)
    script.window = 0
    #expect(script.send([1, 2, 3]) == .taken(3))
    #expect(script.host.output().isEmpty)
    script.host.advance(by: .milliseconds(6))
    #expect(script.host.output().map(\.payload) == [[1]])
    for _ in 0..<300 {
      script.host.advance(by: .seconds(1))
      for probe in script.host.output() {
        #expect(probe.payload == [1])
        script.inject(.ack)
      }
    }
    #expect(script.host.events().isEmpty)
    let sent = script.inject(.ack, window: 1000)
    #expect(sent.map(\.payload) == [[1], [2, 3]])
  }

  /// RFC 6429, section 3: a peer that answers probes for ever does not hold our memory for ever.
  @Test func aWindowThatStaysClosedEndsTheConnection() throws {
    var configuration = Configuration()
    configuration.closedWindowTimeout = .seconds(30)
    var script = Script(configuration)
    try script.establish()
    #expect(script.inject(.ack, window: 0).isEmpty)
    script.window = 0
    #expect(script.send([1, 2, 3]) == .taken(3))
    var seconds = 0
    while script.host.endpoint.openConnectionCount > 0, seconds < 200 {
      seconds += 1
      script.host.advance(by: .seconds(1))
      for probe in script.host.output() where probe.flags == .ack || probe.flags == .ack | .psh {
        script.inject(.ack)
      }
    }
    #expect(30...62 ~= seconds)
    #expect(script.host.events() == [.dead(script.handle, 99, .timedOut)])
    let isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 9293, section 3.4: everything works across 2^32.
  @Test(arguments: [.max, .max - 1, .max - 2, .max - 3, 0x7FFF_FFFE, 0] as [UInt32])
  func sequenceNumbersWrap(initial: UInt32) throws {
    var script = Script(initial: initial)
    try script.establish()
    for value in 0..<4 as Range<UInt8> {
      script.host.receive(script.segment(.ack, [value, value]))
      #expect(script.readAll() == [value, value])
      script.next &+= 2
      #expect(script.host.output().map(\.acknowledgment) == [script.next])
    }
    #expect(script.inject(.ack, [9], sequence: script.next &+ 1).count == 1)
    #expect(script.inject(.ack, [8]).map(\.acknowledgment) == [script.next &+ 2])
    #expect(script.readAll() == [8, 9])
  }

  /// A retransmitted copy may still be in the device's ring when the original is acknowledged.
  @Test func memoryIsGivenBackOnlyWhenTheDeviceHasReadIt() throws {
    var script = Script()
    try script.establish()
    #expect(script.send([1, 2, 3]) == .taken(3))
    _ = script.host.output()
    script.host.advance(by: .milliseconds(6))
    script.host.queueOutput()  // the copy is queued, and not read yet
    script.acknowledged &+= 3
    script.host.receive(script.segment(.ack))
    #expect(script.host.events().isEmpty)
    #expect(script.host.device.finish().map(\.payload) == [[1, 2, 3]])
    #expect(script.host.output().isEmpty)
    // The timeout has shrunk the congestion window to one segment.
    #expect(script.host.events() == [.sent(script.handle, 99, byteCount: 3, window: 1000)])
  }

  /// The same when the connection ends: nothing of it is reused before the device is done.
  @Test func aResetConnectionWaitsForTheDevice() throws {
    var script = Script()
    try script.establish()
    script.host.receive(script.segment(.ack, [5]))
    guard case .received(_, _, let buffer, let offset, 1) = try #require(script.host.events().first)
    else { throw Unexpected() }
    let address = script.host.pool.address(of: buffer) + offset
    let outcome = script.host.endpoint.send(
      script.handle, Fragment(address: address, byteCount: 1), pool: &script.host.pool)
    #expect(outcome == .taken(1))
    let status = script.host.endpoint.receiveDone(
      script.handle, buffer: buffer, byteCount: 1, pool: &script.host.pool)
    #expect(status == .ok)
    script.host.queueOutput()
    script.next &+= 1
    script.host.receive(script.segment(.rst))
    #expect(script.host.events().isEmpty)
    var isClean = script.host.isClean
    #expect(!isClean)
    #expect(script.host.output().map(\.payload) == [[5]])
    #expect(script.host.output().isEmpty)
    #expect(script.host.events() == [.dead(script.handle, 99, .reset)])
    isClean = script.host.isClean
    #expect(isClean)
  }

  /// RFC 2018, section 8: a peer may drop what it has SACKed.
  @Test func whatAPeerSACKedAndDroppedIsSentAgain() throws {
    var script = Script()
    var options = Script.synOptions()
    options.isSACKPermitted = true
    try script.establish(options: options)
    #expect(script.send(Self.bytes(2000)) == .taken(2000))
    #expect(script.host.output().count == 2)
    var sack = TCPOptions()
    sack.sackBlockCount = 1
    sack.sackBlocks[0] = SACKBlock(start: script.initial &+ 1001, end: script.initial &+ 2001)
    script.inject(.ack, options: sack)
    script.inject(.ack, ack: script.initial &+ 1001)
    script.acknowledged = script.initial &+ 1001
    var repeated: [UInt32] = []
    for _ in 0..<10 {
      script.host.advance(by: .milliseconds(20))
      repeated += script.host.output().map(\.sequence)
    }
    #expect(repeated.contains(script.initial &+ 1001))
  }

  /// The ACK of our FIN may open a closed window; FIN-WAIT-2 still ends by its own timer.
  @Test func anAbandonedConnectionDoesNotStayInFinWait2() throws {
    var script = Script()
    try script.establish()
    script.inject(.ack, window: 0)
    let status = script.host.endpoint.close(
      script.handle, now: script.host.now, pool: &script.host.pool)
    #expect(status == .ok)
    #expect(script.host.output().map(\.flags) == [.fin | .ack])
    script.acknowledged &+= 1
    #expect(script.inject(.ack, window: 5000).isEmpty)
    script.host.advance(by: .seconds(61))
    #expect(script.host.output().isEmpty)
    #expect(script.host.events().isEmpty)
    let isClean = script.host.isClean
    #expect(isClean)
  }
}
