import Packets
import TestSupport
import Testing

@testable import Drivers

@Suite struct SplitVirtqueueTests {
  /// A queue of 8 with the device's side of it.
  struct Rig: ~Copyable {
    let model = FakeVirtioDevice()
    let memory = TestMemory(byteCount: 1 << 16)
    var queue: SplitVirtqueue

    /// A chain is one buffer of 100 bytes that the device writes, or up to `chainLimit` that it reads.
    init(chainLimit: Int = 1) {
      var arena = memory.arena
      queue = SplitVirtqueue(
        size: 8, chainLimit: chainLimit, writableByteCount: chainLimit == 1 ? 100 : 0,
        arena: &arena, map: DirectMap(offset: 0))!
      let layout = queue.layout
      model.queues[0] = FakeVirtioDevice.Queue(
        limit: 8, size: 8, isEnabled: true, descriptors: layout.descriptors.rawValue,
        available: layout.available.rawValue, used: layout.used.rawValue)
    }

    /// Queues writable buffers of 100 bytes and shows them to the device.
    mutating func submit(_ count: Int) -> [UInt16] {
      var heads: [UInt16] = []
      for _ in 0..<count {
        guard let slot = queue.nextSlot else { break }
        queue.submit(writable: DeviceAddress(0x1000))
        heads.append(slot)
      }
      _ = queue.publish()
      return heads
    }
  }

  @Test(arguments: [0, 1, 3, 12, 65_536, -8])
  func aSizeThatIsNoPowerOfTwoInRangeIsRefused(size: Int) {
    let memory = TestMemory(byteCount: 1 << 21)
    var arena = memory.arena
    let isNil =
      SplitVirtqueue(
        size: size, chainLimit: 1, writableByteCount: 0, arena: &arena, map: DirectMap(offset: 0))
      == nil
    #expect(isNil)
  }

  @Test func interruptsAreSuppressedFromTheStart() {
    let rig = Rig()
    #expect(rig.model.interruptsAreSuppressed(0))
  }

  @Test func nothingIsVisibleBeforePublish() {
    var rig = Rig()
    rig.queue.submit(DeviceAddress(0x1000), byteCount: 5, use: .readable)
    let before = rig.model.takeChain(0)
    let wants = rig.queue.publish()
    let after = rig.model.takeChain(0)
    #expect(before == nil && wants)
    #expect(after?.pieces == [.init(address: 0x1000, byteCount: 5, isWritable: false)])
    let again = rig.queue.publish()
    #expect(!again)
  }

  @Test func aDeviceThatAsksForSilenceIsNotNotified() {
    var rig = Rig()
    rig.model.setNotificationsSuppressed(true, 0)
    rig.queue.submit(DeviceAddress(0x1000), byteCount: 5, use: .readable)
    let silent = rig.queue.publish()
    let wantsNow = rig.queue.wantsNotification()
    rig.model.setNotificationsSuppressed(false, 0)
    let wantsLater = rig.queue.wantsNotification()
    #expect(!silent && !wantsNow && wantsLater)
  }

  @Test func buffersComeBackWithTheirCount() {
    var rig = Rig()
    let heads = rig.submit(8)
    #expect(Set(heads).count == 8)
    let full = rig.queue.nextSlot
    #expect(full == nil)
    for (index, head) in heads.reversed().enumerated() {
      rig.model.putUsed(0, identifier: UInt32(head), byteCount: UInt32(index * 10))
      let taken = rig.queue.takeUsed()
      #expect(taken?.slot == head)
      #expect(taken?.byteCount == UInt32(index * 10))
    }
    let none = rig.queue.takeUsed()
    let free = rig.queue.freeSlotCount
    #expect(none == nil && free == 8)
  }

  @Test func chainsKeepTheirOrderAndLeaveEmptyFragmentsOut() {
    var rig = Rig(chainLimit: 4)
    let fragments = [(0x2000, 20), (0x3000, 0), (0x4000, 40)].map {
      Fragment(address: KernelAddress(UInt64($0.0)), byteCount: $0.1)
    }
    let slot = rig.queue.nextSlot
    rig.queue.submit(
      header: DeviceAddress(0x1000), byteCount: 10, fragments: fragments.span,
      map: DirectMap(offset: 0))
    let free = rig.queue.freeSlotCount
    _ = rig.queue.publish()
    let chain = rig.model.takeChain(0)
    #expect(slot == 0 && chain?.head == 0)
    #expect(free == 1)
    #expect(
      chain?.pieces == [
        .init(address: 0x1000, byteCount: 10, isWritable: false),
        .init(address: 0x2000, byteCount: 20, isWritable: false),
        .init(address: 0x4000, byteCount: 40, isWritable: false),
      ])
    rig.model.putUsed(0, identifier: 0, byteCount: 0)
    let taken = rig.queue.takeUsed()
    let freeAgain = rig.queue.freeSlotCount
    #expect(taken?.slot == 0 && freeAgain == 2)
  }

  /// A slot is used again when its chain and all before it are finished; until then the count of
  /// completed chains stands still.
  @Test func aLateChainHoldsItsSuccessorsSlotsBack() {
    var rig = Rig()
    let heads = rig.submit(8)
    var counts: [UInt32] = []
    var free: [Int] = []
    for index in [2, 1, 4, 0, 3] {
      rig.model.putUsed(0, identifier: UInt32(heads[index]), byteCount: 1)
      let taken = rig.queue.takeUsed()
      #expect(taken?.slot == heads[index])
      counts.append(rig.queue.completedCount)
      free.append(rig.queue.freeSlotCount)
    }
    #expect(counts == [0, 0, 0, 3, 5] && free == [0, 0, 0, 3, 5])
    #expect(rig.submit(8) == Array(heads.prefix(5)))
    let inFlight = rig.queue.inFlightCount
    #expect(inFlight == 8)
  }

  @Test func aChainFinishedEarlyIsNotInFlightAnyMore() {
    var rig = Rig()
    let heads = rig.submit(3)
    for _ in 0..<2 { rig.model.putUsed(0, identifier: UInt32(heads[1]), byteCount: 1) }
    let first = rig.queue.takeUsed()
    let second = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(first?.slot == heads[1] && second == nil && violation == .notInFlight)
  }

  @Test func whatWasFinishedEarlyIsNotAbandoned() {
    var rig = Rig()
    let heads = rig.submit(4)
    for index in [1, 3] {
      rig.model.putUsed(0, identifier: UInt32(heads[index]), byteCount: 1)
      _ = rig.queue.takeUsed()
    }
    var abandoned: [UInt16] = []
    while let slot = rig.queue.takeAbandoned() { abandoned.append(slot) }
    let (free, completed) = (rig.queue.freeSlotCount, rig.queue.completedCount)
    #expect(abandoned == [heads[0], heads[2]] && free == 8 && completed == 4)
  }

  /// The 16-bit positions wrap; the queue does not notice.
  @Test func positionsWrap() {
    var rig = Rig()
    for turn in 0..<70_000 {
      let heads = rig.submit(1)
      guard let chain = rig.model.takeChain(0), heads == [chain.head] else {
        Issue.record("turn \(turn)")
        return
      }
      rig.model.putUsed(0, identifier: UInt32(chain.head), byteCount: 1)
      guard rig.queue.takeUsed()?.slot == chain.head else {
        Issue.record("turn \(turn)")
        return
      }
    }
    let isBroken = rig.queue.isBroken
    #expect(!isBroken)
  }

  @Test(arguments: [3, 100, 65_535] as [UInt16])
  func aUsedIndexThatJumpsBreaksTheQueue(index: UInt16) {
    var rig = Rig()
    _ = rig.submit(2)
    rig.model.forgeUsedIndex(0, index)
    let taken = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(taken == nil && violation == .position)
  }

  @Test(arguments: [8, 65_536, .max] as [UInt32])
  func anIdentifierOutOfRangeBreaksTheQueue(identifier: UInt32) {
    var rig = Rig()
    _ = rig.submit(2)
    rig.model.putUsed(0, identifier: identifier, byteCount: 0)
    let taken = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(taken == nil && violation == .identifier)
  }

  @Test func anIdentifierThatIsNotInFlightBreaksTheQueue() {
    var rig = Rig()
    _ = rig.submit(2)
    rig.model.putUsed(0, identifier: 5, byteCount: 0)
    let taken = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(taken == nil && violation == .notInFlight)
  }

  @Test func theSameChainTwiceBreaksTheQueue() {
    var rig = Rig()
    let heads = rig.submit(2)
    for _ in 0..<2 { rig.model.putUsed(0, identifier: UInt32(heads[0]), byteCount: 0) }
    let first = rig.queue.takeUsed()
    let second = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(first != nil && second == nil && violation == .notInFlight)
  }

  @Test func theMiddleOfAChainIsNotItsHead() {
    var rig = Rig(chainLimit: 2)
    let fragment = [Fragment(address: KernelAddress(0x2000), byteCount: 20)]
    rig.queue.submit(
      header: DeviceAddress(0x1000), byteCount: 10, fragments: fragment.span,
      map: DirectMap(offset: 0))
    _ = rig.queue.publish()
    rig.model.putUsed(0, identifier: 1, byteCount: 0)
    let taken = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(taken == nil && violation == .notInFlight)
  }

  @Test func moreBytesThanThereIsRoomForBreakTheQueue() {
    var rig = Rig()
    let heads = rig.submit(2)
    rig.model.putUsed(0, identifier: UInt32(heads[0]), byteCount: 100)
    rig.model.putUsed(0, identifier: UInt32(heads[1]), byteCount: 101)
    let first = rig.queue.takeUsed()
    let second = rig.queue.takeUsed()
    let violation = rig.queue.violation
    #expect(first?.byteCount == 100 && second == nil && violation == .byteCount)
  }

  @Test func aBrokenQueueStaysBroken() {
    var rig = Rig()
    let heads = rig.submit(2)
    rig.model.putUsed(0, identifier: 99, byteCount: 0)
    _ = rig.queue.takeUsed()
    rig.model.forgeUsedIndex(0, 0)
    rig.model.queues[0].put = 0
    rig.model.putUsed(0, identifier: UInt32(heads[0]), byteCount: 0)
    let taken = rig.queue.takeUsed()
    let head = rig.queue.nextSlot
    let wants = rig.queue.publish()
    #expect(taken == nil && head == nil && !wants)
  }

  /// Links and lengths in shared memory are never read back.
  @Test func whatTheDeviceWritesIntoTheTableIsIgnored() {
    var rig = Rig()
    let heads = rig.submit(4)
    for offset in 0..<128 {
      store(UInt8(0xFF), at: rig.model.queues[0].descriptors + UInt64(offset))
    }
    for head in heads { rig.model.putUsed(0, identifier: UInt32(head), byteCount: 100) }
    var taken: [UInt16] = []
    while let completion = rig.queue.takeUsed() { taken.append(completion.slot) }
    let free = rig.queue.freeSlotCount
    #expect(taken == heads && free == 8)
    let again = rig.submit(8)
    #expect(Set(again) == Set(0..<8))
  }

  @Test func armingTheInterruptSeesWorkThatCameBefore() {
    var rig = Rig()
    let heads = rig.submit(1)
    let idle = rig.queue.armInterrupt()
    let armed = !rig.model.interruptsAreSuppressed(0)
    rig.queue.disarmInterrupt()
    let disarmed = rig.model.interruptsAreSuppressed(0)
    rig.model.putUsed(0, identifier: UInt32(heads[0]), byteCount: 0)
    let busy = rig.queue.armInterrupt()
    #expect(!idle && armed && disarmed && busy)
    #expect(rig.model.interruptsAreSuppressed(0))
  }

  @Test func abandonedChainsAreGivenBackOnce() {
    var rig = Rig()
    let heads = rig.submit(3)
    var abandoned: [UInt16] = []
    while let slot = rig.queue.takeAbandoned() { abandoned.append(slot) }
    let free = rig.queue.freeSlotCount
    let isBroken = rig.queue.isBroken
    #expect(Set(abandoned) == Set(heads) && abandoned.count == 3 && free == 8 && isBroken)
  }
}
