import Foundation
import Packets
import TestSupport
import Testing

@Suite struct CoreRingTests {
  @Test func messagesComeOutInOrderAndARingThatIsFullTakesNone() {
    let memory = TestMemory(byteCount: CoreRing.byteCount)
    memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    var sender = CoreRing.Sender(memory: memory.region)
    var receiver = CoreRing.Receiver(memory: memory.region)
    for round in 0..<5 as Range<UInt64> {
      for index in 0..<UInt64(CoreRing.capacity) {
        let isSent = sender.send(round << 32 | index)
        #expect(isSent)
      }
      let isSent = sender.send(99 as UInt64)
      #expect(!isSent)
      #expect(receiver.waitingCount() == CoreRing.capacity)
      for index in 0..<UInt64(CoreRing.capacity) {
        #expect(receiver.oldest(UInt64.self) == round << 32 | index)
        receiver.release()
      }
      #expect(receiver.waitingCount() == 0)
    }
    sender.refresh()
    #expect(sender.takenPosition == sender.position)
  }

  /// Two threads, 100,000 messages of a whole slot: none is lost, repeated, torn or out of order.
  @Test func twoThreadsExchangeAHundredThousandMessages() {
    let memory = TestMemory(byteCount: CoreRing.byteCount)
    memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let region = memory.region
    let count: UInt64 = 100_000
    let producer = Thread {
      var sender = CoreRing.Sender(memory: region)
      var next: UInt64 = 0
      while next < count {
        if sender.send(Message(next)) { next += 1 } else { sched_yield() }
      }
    }
    producer.start()
    var receiver = CoreRing.Receiver(memory: region)
    var expected: UInt64 = 0
    var wrongCount = 0
    while expected < count {
      let waitingCount = receiver.waitingCount()
      if waitingCount == 0 { sched_yield() }
      for _ in 0..<waitingCount {
        if !receiver.oldest(Message.self).isWhole(expected) { wrongCount += 1 }
        receiver.release()
        expected += 1
      }
    }
    #expect(wrongCount == 0)
  }

  /// Fills a slot with words that belong together.
  struct Message: BitwiseCopyable {
    let words: InlineArray<8, UInt64>
    init(_ number: UInt64) { words = InlineArray { number &* 8 &+ UInt64($0) } }
    func isWhole(_ number: UInt64) -> Bool {
      (0..<8).allSatisfy { words[$0] == number &* 8 &+ UInt64($0) }
    }
  }
}

/// Sleeping and waking, as cores do it: 10^5 times in a row the receiver goes to sleep exactly when
/// the sender sends.
@Suite struct CoreMeshTests {
  @Test func noMessageIsLeftBehindByASleeper() {
    let byteCount = CoreMesh.byteCount(coreCount: 2)
    let memory = TestMemory(byteCount: byteCount)
    memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let mesh = CoreMesh(coreCount: 2, memory: memory.region)
    let count = 100_000
    let bell = DispatchSemaphore(value: 0)
    let turn = DispatchSemaphore(value: 1)
    let producer = Thread {
      var sender = CoreRing.Sender(memory: mesh.ring(from: 0, to: 1))
      for number in 0..<count {
        turn.wait()
        while !sender.send(UInt64(number)) { sched_yield() }
        // What the interrupt is to a core that halts.
        if mesh.sleeping(among: 0b10) != 0 { bell.signal() }
      }
    }
    producer.start()
    var receiver = CoreRing.Receiver(memory: mesh.ring(from: 0, to: 1))
    var lostCount = 0
    var sleepCount = 0
    for number in 0..<count {
      while receiver.waitingCount() == 0 {
        mesh.setAsleep(1, true)
        if receiver.waitingCount() == 0 {
          sleepCount += 1
          // A wake that never comes is a lost message; one that comes late is counted again.
          if bell.wait(timeout: .now() + 5) == .timedOut { lostCount += 1 }
        }
        mesh.setAsleep(1, false)
      }
      if receiver.oldest(UInt64.self) != UInt64(number) { lostCount += 1 }
      receiver.release()
      turn.signal()
    }
    #expect(lostCount == 0)
    #expect(sleepCount > 0)
  }
}
