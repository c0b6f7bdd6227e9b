import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// How large the receive window becomes.
@Suite struct ReceiveWindowTests {
  /// A peer that fills half a window in each of `rounds` round trips; the growth that came of it.
  private func growth(
    bufferCount: Int, interval: Interval, reads: Bool = true, limit: UInt32 = 4 << 20
  ) throws -> UInt8 {
    var configuration = Configuration()
    configuration.receiveWindow = 32_000
    configuration.bufferLimit = 32
    configuration.receiveWindowLimit = limit
    var script = Script(configuration, bufferCount: bufferCount)
    try script.establish(options: Script.synOptions(scale: 7))
    for _ in 0..<3_000 {
      script.host.receive(script.segment(.ack, [UInt8](repeating: 1, count: 1000)))
      script.next &+= 1000
      if reads { _ = script.readAll() }
      script.host.advance(by: interval)
      _ = script.host.output()
    }
    return script.host.endpoint.connections[script.handle.index].receive.growth
  }

  @Test func aWindowThatIsFilledAndReadGrowsToItsLimit() throws {
    #expect(try growth(bufferCount: 4096, interval: .microseconds(10), limit: 256_000) == 3)
  }

  /// 32 buffers to begin with, doubled up to half of 256.
  @Test func oneConnectionTakesNoMoreThanHalfOfTheBuffers() throws {
    #expect(try growth(bufferCount: 256, interval: .microseconds(10)) == 2)
  }

  @Test func aSlowPeerNeedsNoLargerWindow() throws {
    #expect(try growth(bufferCount: 4096, interval: .milliseconds(1)) == 0)
  }

  @Test func aWindowThatIsNotReadDoesNotGrow() throws {
    #expect(try growth(bufferCount: 4096, interval: .microseconds(10), reads: false) == 0)
  }

  /// On a path of 50 ms the window of 256 KiB allows 42 Mbit/s; the sender's own limit of 512
  /// segments comes later.
  @Test func aLongPathIsNotLimitedByTheWindow() throws {
    var conditions = GoodputTests.wire("long")
    conditions.delay = .milliseconds(25)
    let item = GoodputTests.Case(conditions: conditions, byteCount: 8_000_000)
    let elapsed = try GoodputTests.transfer(item, seed: 1, bufferCount: 8192)
    #expect(8_000_000 * 8 / elapsed > 70e6, "\(elapsed) s")
  }

  /// Also when a loss makes a whole window wait for its gap to be filled.
  @Test func aGapDoesNotCostTheWindowBehindIt() throws {
    var script = Script()
    var options = Script.synOptions(scale: 7)
    options.isSACKPermitted = true
    try script.establish(options: options)
    script.inject(.ack, [1])  // the answer offers more than a SYN can
    script.next &+= 1
    let count: UInt32 = 180
    for index in 1..<count {
      script.host.receive(
        script.segment(
          .ack, [UInt8](repeating: 1, count: 1000), sequence: script.next &+ 1000 &* index))
    }
    #expect(script.host.endpoint.counters.droppedReassembly == 0)
    let whole = script.inject(.ack, [UInt8](repeating: 1, count: 1000))
    #expect(whole.map(\.acknowledgment) == [script.next &+ 1000 &* count])
  }
}
