import IXABI
import Packets
import Testing

@testable import Dataplane

@Suite struct ElasticThreadTests {
  @Test func aReceivedBufferIsSentBackWithoutACopy() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    for index in 0..<100 { pair.client.heapMemory.bytes[index] = UInt8(index) }
    let heap = ThreadBench.heap.rawValue
    _ = pair.client.turn(
      [CallDescriptor(.tcpSend, handle: handles.client, address: heap, byteCount: 100)],
      at: pair.now)
    let taken = pair.client.result()
    #expect(taken == 100)
    pair.carry()
    let received = try #require(pair.server.turn(at: pair.now).first)
    #expect(received.kind == EventKind.tcpReceived.rawValue)
    #expect(received.cookie == 4711)
    let bytes = pair.server.bytes(of: received)
    #expect(bytes == Array(0..<100))

    // Sent back from where it lies and returned at once: the stack keeps it until acknowledged.
    var done = CallDescriptor(
      .tcpReceiveDone, handle: received.handle, byteCount: UInt64(received.byte_count))
    done.buffer = received.buffer
    _ = pair.server.turn(
      [
        CallDescriptor(
          .tcpSend, handle: received.handle, address: received.address, byteCount: 100), done,
      ], at: pair.now)
    let results = [pair.server.result(0), pair.server.result(1)]
    #expect(results == [100, 0])
    pair.carry()
    let echoed = try #require(
      pair.client.turn(at: pair.now).first { $0.kind == EventKind.tcpReceived.rawValue })
    let echo = pair.client.bytes(of: echoed)
    #expect(echo == Array(0..<100))
    let events = pair.settle()
    #expect(
      events.server.contains { $0.kind == EventKind.tcpSent.rawValue && $0.byte_count == 100 })
    let freeCount = pair.server.thread.pool.freeCount
    #expect(freeCount == ThreadBench.bufferCount)
  }

  @Test(arguments: [
    (address: 0, byteCount: 8, expected: Status.badAddress),
    (0xFFFF_8000_0010_0000, 8, .badAddress),
    (0x10_0000_0000, 0x1_0001, .badAddress),
    (0x10_0000_FFFF, 2, .badAddress),
    (0x10_0000_0000, .max, .badAddress),
    (0x20_0000_0000, 64 * 2048 + 1, .badAddress),
  ])
  func aRangeThatIsNotTheApplicationsIsRefused(
    address: UInt64, byteCount: UInt64, expected: Status
  ) {
    var pair = ThreadPair()
    let handle = pair.connect().server
    _ = pair.server.turn(
      [CallDescriptor(.tcpSend, handle: handle, address: address, byteCount: byteCount)],
      at: pair.now)
    let result = pair.server.result()
    #expect(result == expected.result)
  }

  @Test func aScatterGatherListIsCheckedWholeBeforeAnythingIsQueued() {
    var pair = ThreadPair()
    let handle = pair.connect().server
    let heap = ThreadBench.heap.rawValue
    let list = pair.server.heapMemory.bytes.bindMemory(to: VectorDescriptor.self)
    list[0] = VectorDescriptor(address: heap + 1024, byte_count: 10)
    list[1] = VectorDescriptor(address: heap + 2048, byte_count: 20)
    list[2] = VectorDescriptor(address: 1 << 40, byte_count: 30)
    func call(_ count: UInt32, at address: UInt64 = ThreadBench.heap.rawValue) -> CallDescriptor {
      var call = CallDescriptor(.tcpSend, handle: handle, address: address)
      call.vector_count = count
      return call
    }
    let calls = [call(2), call(3), call(17), call(.max), call(2, at: heap + 4), call(2, at: 8)]
    _ = pair.server.turn(calls, at: pair.now)
    let results = calls.indices.map { pair.server.result($0) }
    #expect(
      results == [
        30, Status.badAddress.result, Status.badArgument.result, Status.badArgument.result,
        Status.badAddress.result, Status.badAddress.result,
      ])
  }

  @Test func staleForgedAndUnknownThingsAreErrorCodes() {
    var pair = ThreadPair()
    let handle = pair.connect().server
    let heap = ThreadBench.heap.rawValue
    var unknown = CallDescriptor(.none)
    unknown.operation = 4711
    let calls = [
      CallDescriptor(.tcpSend, handle: handle ^ 1 << 40, address: heap, byteCount: 1),
      CallDescriptor(.tcpSend, handle: handle ^ 1 << 24, address: heap, byteCount: 1),
      CallDescriptor(.tcpSend, handle: handle | 0xFF_FFFF, address: heap, byteCount: 1),
      CallDescriptor(.tcpReceiveDone, handle: handle), unknown,
      CallDescriptor(.tcpAbort, handle: handle), CallDescriptor(.tcpClose, handle: handle),
    ]
    _ = pair.server.turn(calls, at: pair.now)
    let results = calls.indices.map { pair.server.result($0) }
    #expect(
      results == [
        Status.staleHandle.result, Status.staleHandle.result, Status.staleHandle.result,
        Status.badArgument.result, Status.unknownCall.result, 0, Status.staleHandle.result,
      ])
  }

  @Test func connectionsAreConfiguredByOptionAndValue() {
    var pair = ThreadPair()
    let handle = pair.connect().server
    func configure(_ option: UInt32, _ value: UInt64, _ handle: UInt64) -> CallDescriptor {
      var call = CallDescriptor(.tcpConfigure, handle: handle, byteCount: value)
      call.buffer = option
      return call
    }
    let calls = [
      configure(ConnectionOption.coalescing.rawValue, 1, handle),
      configure(ConnectionOption.keepAlive.rawValue, 20, handle),
      configure(ConnectionOption.userTimeout.rawValue, 5_000, handle),
      configure(4, 0, handle), configure(0, 0, handle),
      configure(ConnectionOption.coalescing.rawValue, 2, handle),
      configure(ConnectionOption.keepAlive.rawValue, 20, handle ^ 1 << 40),
    ]
    _ = pair.server.turn(calls, at: pair.now)
    let results = calls.indices.map { pair.server.result($0) }
    #expect(
      results == [
        0, 0, 0, Status.badArgument.result, Status.badArgument.result, Status.badArgument.result,
        Status.staleHandle.result,
      ])
    pair.now = pair.now + .milliseconds(25)
    _ = pair.settle()
    #expect(pair.server.thread.stack.tcp.counters.keepAliveProbes == 1)
  }

  @Test func oneBatchIsAtMostBFrames() {
    var pair = ThreadPair(batchBound: 4)
    for _ in 0..<10 { pair.server.thread.device.inner.arrive([UInt8](repeating: 0, count: 60)) }
    var frames: [UInt64] = []
    for _ in 0..<4 {
      _ = pair.server.turn(at: pair.now)
      frames.append(pair.server.thread.metrics.frames)
    }
    #expect(frames == [4, 8, 10, 10])
    let batches = pair.server.thread.metrics.batches
    #expect(batches == 3)
  }

  /// A core that stood still takes in the acknowledgments that waited, behind other frames and in
  /// several batches, before its timers send again what they acknowledge.
  @Test(arguments: [0, 3, 4, 40])
  func acknowledgmentsThatWaitedComeBeforeTimers(otherFrameCount: Int) {
    var pair = ThreadPair(batchBound: 4)
    Self.sendTwoSegments(in: &pair)
    _ = pair.client.turn(at: pair.now)
    _ = pair.client.turn(at: pair.now)
    for _ in 0..<otherFrameCount {
      pair.server.thread.device.inner.arrive([UInt8](repeating: 0, count: 60))
    }
    pair.carry()
    pair.now = pair.now + .milliseconds(50)
    for _ in 0..<20 { _ = pair.server.turn(at: pair.now) }
    let counters = pair.server.thread.stack.tcp.counters
    #expect(counters.timeouts + counters.tailProbes == 0)
    #expect(counters.retransmittedSegments == 0)
  }

  /// Frames that never end do not stop the timers.
  @Test func aQueueThatIsNeverEmptyDelaysTimersButNotForEver() {
    var pair = ThreadPair(batchBound: 4)
    Self.sendTwoSegments(in: &pair)
    pair.now = pair.now + .milliseconds(50)
    var timerTurns: [Int] = []
    for turn in 0..<40 {
      pair.now = pair.now + .milliseconds(1)
      for _ in 0..<8 {
        pair.server.thread.device.inner.arrive([UInt8](repeating: 0, count: 60))
      }
      _ = pair.server.turn(at: pair.now)
      let counters = pair.server.thread.stack.tcp.counters
      if counters.timeouts + counters.tailProbes > 0 { timerTurns.append(turn) }
    }
    #expect(timerTurns.first == 16)
  }

  /// What a core that stood still had sent leaves only when it runs again: it gives the answer the time
  /// that it needs. Where none comes, it repairs the loss.
  @Test(arguments: [true, false])
  func aCoreThatStoodStillWaitsForLateAnswers(isAnswered: Bool) {
    var pair = ThreadPair()
    let handles = pair.connect()
    _ = pair.settle()
    let heap = ThreadBench.heap.rawValue
    let call = CallDescriptor(.tcpSend, handle: handles.server, address: heap, byteCount: 2920)
    _ = pair.server.turn([call], at: pair.now)
    // Its turn had begun; the frames are with the device only now.
    pair.now = pair.now + .milliseconds(50)
    _ = pair.server.turn(at: pair.now)
    let early = pair.server.thread.stack.tcp.counters.retransmittedSegments
    #expect(early == 0)
    if isAnswered {
      pair.carry()
      _ = pair.client.turn(at: pair.now)
      _ = pair.client.turn(at: pair.now)
      pair.carry()
    }
    for _ in 0..<60 {
      pair.now = pair.now + .microseconds(500)
      _ = pair.server.turn(at: pair.now)
    }
    let late = pair.server.thread.stack.tcp.counters.retransmittedSegments
    #expect((late == 0) == isAnswered)
  }

  /// Two full segments of the server's are with the client, which has not looked yet.
  private static func sendTwoSegments(in pair: inout ThreadPair) {
    let handles = pair.connect()
    _ = pair.settle()
    let heap = ThreadBench.heap.rawValue
    let call = CallDescriptor(.tcpSend, handle: handles.server, address: heap, byteCount: 2920)
    _ = pair.server.turn([call], at: pair.now)
    pair.carry()
  }

  @Test func eventsThatDoNotFitWaitForTheNextCycle() {
    var pair = ThreadPair(eventCount: 2)
    let handles = pair.connect()
    let heap = ThreadBench.heap.rawValue
    // Long enough not to be merged.
    for _ in 0..<5 {
      _ = pair.client.turn(
        [CallDescriptor(.tcpSend, handle: handles.client, address: heap, byteCount: 200)],
        at: pair.now)
      pair.carry()
    }
    var counts: [Int] = []
    for _ in 0..<4 { counts.append(pair.server.turn(at: pair.now).count) }
    #expect(counts == [2, 2, 1, 0])
  }

  @Test func aBatchLargerThanTheArrayIsRefused() {
    var bench = ThreadPair()
    var core = StoppedCore()
    let results = [65, 1 << 63].map { (count: UInt64) in
      [
        bench.server.thread.poll(callCount: count, on: &core),
        bench.server.thread.flush(callCount: count, on: &core),
      ]
    }
    let refused = Status.badArgument.result
    #expect(results == [[refused, refused], [refused, refused]])
  }
}
