import IXABI
import Packets
import Testing

@testable import Dataplane

/// The thread without its application.
@Suite struct BackgroundTests {
  @Test func aPeerIsAcknowledgedAndTheEventsWait() throws {
    var core = StoppedCore()
    var pair = ThreadPair()
    let handles = pair.connect()
    _ = pair.settle()
    let heap = ThreadBench.heap.rawValue
    _ = pair.client.turn(
      [CallDescriptor(.tcpSend, handle: handles.client, address: heap, byteCount: 100)],
      at: pair.now)
    pair.carry()
    pair.server.thread.serveInBackground(now: pair.now, on: &core)
    let (count, overstays) = (
      pair.server.thread.events.count, pair.server.thread.metrics.overstays
    )
    #expect(count == 0)
    #expect(overstays == 1)
    pair.carry()
    let sent = pair.client.turn(at: pair.now)
    #expect(sent.contains { $0.kind == EventKind.tcpSent.rawValue && $0.byte_count == 100 })
    // What had arrived is delivered when the application is back.
    let received = try #require(pair.server.turn(at: pair.now).first)
    #expect(received.kind == EventKind.tcpReceived.rawValue && received.byte_count == 100)
  }

  @Test func timersOfTheApplicationWaitForIt() {
    var core = StoppedCore()
    var pair = ThreadPair()
    var call = CallDescriptor(.timerArm, handle: 0)
    call.cookie = 5
    call.byte_count = 1_000_000
    _ = pair.server.turn([call], at: pair.now)
    let later = pair.now + .milliseconds(20)
    pair.server.thread.serveInBackground(now: later, on: &core)
    let cookies = pair.server.turn(at: later).map(\.cookie)
    #expect(cookies == [5])
  }

  @Test func oneInterruptionTakesABoundedNumberOfFrames() {
    var core = StoppedCore()
    var pair = ThreadPair(batchBound: 2)
    for _ in 0..<30 { pair.server.thread.device.inner.arrive([UInt8](repeating: 0, count: 60)) }
    pair.server.thread.serveInBackground(now: pair.now, on: &core)
    let frames = pair.server.thread.metrics.frames
    #expect(frames == 16)
  }
}
