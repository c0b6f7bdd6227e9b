import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// The send window when it closes: RFC 9293, section 3.8.6.
@Suite struct WindowScriptTests {
  /// Found by fuzzing: all that is in flight is SACKed when the window opens, so nothing is to be
  /// sent again, and no timer was left to find out that the peer has dropped it.
  @Test func aWindowThatOpensOverSACKedDataKeepsTheTimer() throws {
    var script = Script()
    var options = Script.synOptions()
    options.isSACKPermitted = true
    try script.establish(options: options)
    #expect(script.send([UInt8](repeating: 1, count: 1500)) == .taken(1500))
    #expect(script.host.output().count == 2)
    var blocks = TCPOptions()
    blocks.sackBlockCount = 2
    let start = script.initial &+ 1
    blocks.sackBlocks[0] = SACKBlock(start: start &+ 1000, end: start &+ 1500)
    script.inject(.ack, window: 0, options: blocks)
    blocks.sackBlocks[0] = SACKBlock(start: start, end: start &+ 1000)
    script.inject(.ack, ack: start, window: 0, options: blocks)
    script.inject(.ack, ack: start, window: 5000)
    let deadline = script.host.endpoint.connections[script.handle.index].timers.retransmission
    #expect(deadline != .distantFuture)
  }

  /// Zero window for ever: a live application waits, one that has gone does not.
  @Test(arguments: [false, true]) func aZeroWindowHoldsOnlyWhoWantsToWait(closes: Bool) throws {
    var script = Script()
    try script.establish()
    #expect(script.send([1, 2, 3]) == .taken(3))
    #expect(script.host.output().count == 1)
    if closes {
      _ = script.host.endpoint.close(
        script.handle, now: script.host.now, pool: &script.host.pool)
    }
    _ = script.inject(.ack, window: 0)
    for _ in 0..<600 {
      script.host.advance(by: .seconds(1))
      if !script.host.output().isEmpty { _ = script.inject(.ack, window: 0) }
    }
    #expect(script.host.endpoint.openConnectionCount == (closes ? 0 : 1))
  }
}
