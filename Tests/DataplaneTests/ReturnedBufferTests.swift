import IXABI
import Packets
import Testing

@testable import Dataplane

/// Received bytes that go back with their buffer in one call.
@Suite struct ReturnedBufferTests {
  /// The client has sent `byteCount` bytes; the event at the server.
  private func arrival(_ pair: inout ThreadPair, from handle: UInt64, byteCount: UInt64) throws
    -> EventDescriptor
  {
    let heap = ThreadBench.heap.rawValue
    _ = pair.client.turn(
      [CallDescriptor(.tcpSend, handle: handle, address: heap, byteCount: byteCount)],
      at: pair.now)
    pair.carry()
    return try #require(
      pair.server.turn(at: pair.now).first { $0.kind == EventKind.tcpReceived.rawValue })
  }

  private func call(_ event: EventDescriptor) -> CallDescriptor {
    var call = CallDescriptor(
      .tcpSendReceived, handle: event.handle, address: event.address,
      byteCount: UInt64(event.byte_count))
    call.buffer = event.buffer
    return call
  }

  @Test func bytesAndBufferGoBackInOneCall() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    for index in 0..<100 { pair.client.heapMemory.bytes[index] = UInt8(index) }
    let received = try arrival(&pair, from: handles.client, byteCount: 100)
    var done = CallDescriptor(.tcpReceiveDone, handle: received.handle, byteCount: 100)
    done.buffer = received.buffer
    _ = pair.server.turn([call(received), call(received), done], at: pair.now)
    let results = (0..<3).map { pair.server.result($0) }
    #expect(results == [100, Status.badArgument.result, Status.badArgument.result])
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

  @Test func whatIsNotTheirsIsRefusedAndStaysWhereItIs() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    let received = try arrival(&pair, from: handles.client, byteCount: 100)
    let changes: [(inout CallDescriptor) -> Void] = [
      { $0.address -= 1 }, { $0.address += 1 }, { $0.address += 100 }, { $0.address = 0 },
      { $0.address = .max }, { $0.address ^= 1 << 63 }, { $0.byte_count = 0 },
      { $0.byte_count = 101 }, { $0.byte_count = .max }, { $0.byte_count += 1 << 32 },
      { $0.buffer += 1 }, { $0.buffer = .max }, { $0.buffer = 64 },
      { $0.address = ThreadBench.heap.rawValue },
    ]
    var calls = changes.map { change in
      var wrong = call(received)
      change(&wrong)
      return wrong
    }
    let argumentCount = calls.count
    for bit in [0, 24, 40] {
      var wrong = call(received)
      wrong.handle ^= 1 << UInt64(bit)
      calls.append(wrong)
    }
    calls.append(call(received))
    _ = pair.server.turn(calls, at: pair.now)
    let results = calls.indices.map { pair.server.result($0) }
    #expect(
      results == Array(repeating: Status.badArgument.result, count: argumentCount)
        + Array(repeating: Status.staleHandle.result, count: 3) + [100])
  }

  @Test func aConnectionThatSendsNoMoreKeepsNothing() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    let received = try arrival(&pair, from: handles.client, byteCount: 10)
    _ = pair.server.turn(
      [CallDescriptor(.tcpShutdown, handle: handles.server), call(received)], at: pair.now)
    let result = pair.server.result(1)
    #expect(result == Status.wrongState.result)
    var done = CallDescriptor(.tcpReceiveDone, handle: received.handle, byteCount: 10)
    done.buffer = received.buffer
    _ = pair.server.turn([done], at: pair.now)
    let status = pair.server.result()
    #expect(status == 0)
  }

  /// The buffers of what the peer has not acknowledged count against its window.
  @Test func thePeersWindowOpensWhenItHasItsBytes() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    let received = try arrival(&pair, from: handles.client, byteCount: 100)
    let before = pair.server.thread.pool.freeCount
    _ = pair.server.turn([call(received)], at: pair.now)
    let meanwhile = pair.server.thread.pool.freeCount
    #expect(meanwhile == before)
    _ = pair.settle()
    let after = pair.server.thread.pool.freeCount
    #expect(after == ThreadBench.bufferCount)
  }

  @Test func acknowledgedBytesAreReportedWithThoseThatCameWithThem() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    pair.server.thread.events.mergesSent = true
    let first = try arrival(&pair, from: handles.client, byteCount: 100)
    #expect(first.acknowledged == 0)
    _ = pair.server.turn([call(first)], at: pair.now)
    pair.carry()
    _ = pair.client.turn(at: pair.now)
    _ = pair.client.turn(
      [
        CallDescriptor(
          .tcpSend, handle: handles.client, address: ThreadBench.heap.rawValue, byteCount: 50)
      ], at: pair.now)
    pair.carry()
    let events = pair.server.turn(at: pair.now)
    #expect(events.map(\.kind) == [EventKind.tcpReceived.rawValue])
    let second = try #require(events.first)
    #expect(second.byte_count == 50 && second.acknowledged == 100 && second.window > 0)
  }
}
