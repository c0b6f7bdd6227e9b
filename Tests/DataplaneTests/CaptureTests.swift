import CIXABI
import IXABI
import Packets
import TestSupport
import Testing

@testable import Dataplane

@Suite struct CaptureTests {
  /// What the host finds between two positions of a ring.
  static func records(
    _ memory: TestMemory, from: UInt64, to: UInt64
  ) -> [(ix_capture_record, bytes: [UInt8])] {
    var records: [(ix_capture_record, bytes: [UInt8])] = []
    var position = from
    let size = UInt64(memory.bytes.count)
    while position < to {
      let offset = Int(position % size)
      guard memory.bytes.count - offset >= 24 else {
        position += size - UInt64(offset)
        continue
      }
      let record = memory.bytes.load(fromByteOffset: offset, as: ix_capture_record.self)
      guard record.original_byte_count > 0 else {
        position += size - UInt64(offset)
        continue
      }
      let count = Int(record.captured_byte_count)
      records.append((record, Array(memory.bytes[offset + 24..<offset + 24 + count])))
      position += UInt64(24 + (count + 7) & ~7)
    }
    return records
  }

  static func frame(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

  @Test func framesComeOutAsTheyWentIn() {
    let memory = TestMemory(byteCount: 4096)
    var ring = CaptureRing(CaptureRing.Place(memory: memory.region, physicalAddress: 0))
    ring.snapByteCount = 200
    var tail: UInt64 = 0
    // Many times round the ring, at every alignment.
    for count in 1...500 {
      let bytes = Self.frame(count)
      let head = ring.head
      ring.append(received: bytes.span.bytes, now: Instant(nanoseconds: UInt64(count)))
      let records = Self.records(memory, from: head, to: ring.head)
      #expect(records.count == 1)
      #expect(records.first?.0.original_byte_count == UInt32(count))
      #expect(records.first?.0.time == UInt64(count))
      #expect(records.first?.bytes == Array(bytes.prefix(200)))
      tail = ring.head
      ring.update(tail: tail)
    }
    #expect(ring.captured == 500)
    #expect(ring.dropped == 0)
  }

  @Test func aFullRingDropsAndCounts() {
    let memory = TestMemory(byteCount: 4096)
    var ring = CaptureRing(CaptureRing.Place(memory: memory.region, physicalAddress: 0))
    ring.snapByteCount = 1000
    for _ in 0..<10 { ring.append(received: Self.frame(1000).span.bytes, now: .distantFuture) }
    #expect(ring.captured == 4)
    #expect(ring.dropped == 6)
    // A host that claims to have taken more than there was is not believed.
    ring.update(tail: ring.head + 8)
    ring.append(received: Self.frame(1000).span.bytes, now: .distantFuture)
    #expect(ring.dropped == 7)
    ring.update(tail: ring.head)
    ring.append(received: Self.frame(1000).span.bytes, now: .distantFuture)
    #expect(ring.dropped == 7)
  }

  @Test func bothDirectionsOfAConnectionAreCaptured() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    _ = pair.settle()
    let started = pair.server.thread.device.capture(byteCount: 1500)
    #expect(started == .ok)
    let heap = ThreadBench.heap.rawValue
    _ = pair.client.turn(
      [CallDescriptor(.tcpSend, handle: handles.client, address: heap, byteCount: 100)],
      at: pair.now)
    let sent = pair.client.thread.device.inner.sent.map(\.bytes)
    pair.carry()
    let received = try #require(pair.server.turn(at: pair.now).first)
    _ = pair.server.turn(
      [
        CallDescriptor(
          .tcpSend, handle: received.handle, address: received.address, byteCount: 100)
      ], at: pair.now)
    let answered = pair.server.thread.device.inner.sent.map(\.bytes)
    var core = StoppedCore()
    pair.server.thread.attend(now: pair.now, on: &core)
    let control = pair.server.controlMemory.bytes.bindMemory(to: ControlCore.self)[0]
    let records = Self.records(pair.server.captureMemory, from: 0, to: control.capture_head)
    #expect(records.filter { $0.0.direction == 0 }.map(\.bytes) == sent)
    #expect(records.filter { $0.0.direction == 1 }.map(\.bytes) == answered)
    #expect(control.captured == UInt64(sent.count + answered.count))
    let ended = pair.server.thread.device.capture(byteCount: 0)
    #expect(ended == .ok)
    let isCapturing = pair.server.thread.device.isCapturing
    #expect(!isCapturing)
  }
}
