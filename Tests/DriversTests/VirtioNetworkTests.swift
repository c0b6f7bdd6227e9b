import Packets
import TestSupport
import Testing
import Wire

@testable import Drivers

@Suite struct VirtioNetworkTests {
  private static let frame = (0..<60).map { UInt8($0) }

  private func fragment(_ memory: TestMemory, _ bytes: [UInt8], at offset: Int) -> Fragment {
    memory.bytes.baseAddress!.advanced(by: offset).copyMemory(
      from: bytes, byteCount: bytes.count)
    return Fragment(
      address: KernelAddress(of: memory.bytes.baseAddress!.advanced(by: offset)),
      byteCount: bytes.count)
  }

  @Test func theAddressIsTheDevicesOwn() throws {
    let rig = try NetworkRig()
    let address = rig.network.macAddress
    #expect(address == MACAddress(0x52_54_00_12_34_56))
  }

  @Test(arguments: [[1, 0, 0x5E, 0, 0, 1], [0, 0, 0, 0, 0, 0]] as [[UInt8]])
  func anAddressNoSenderMayHaveIsReplaced(bytes: [UInt8]) throws {
    let model = FakeVirtioDevice()
    model.configuration.replaceSubrange(0..<6, with: bytes)
    let rig = try NetworkRig(model)
    let address = rig.network.macAddress
    #expect(address == NetworkRig.fallback)
  }

  @Test func aDeviceWithoutAnAddressGetsTheFallback() throws {
    let rig = try NetworkRig(FakeVirtioDevice(offered: 1 << 32))
    let address = rig.network.macAddress
    #expect(address == NetworkRig.fallback)
  }

  @Test func aConfigurationThatNeverRestsIsNotWaitedFor() throws {
    let model = FakeVirtioDevice()
    model.isRestless = true
    let rig = try NetworkRig(model)
    let address = rig.network.macAddress
    #expect(address == NetworkRig.fallback)
  }

  @Test func theLinkIsAsTheConfigurationSays() throws {
    let model = FakeVirtioDevice()
    let rig = try NetworkRig(model)
    let before = rig.network.isLinkUp()
    model.configuration[6] = 0
    let after = rig.network.isLinkUp()
    #expect(before && !after)
    let without = try NetworkRig(FakeVirtioDevice(offered: 1 << 32))
    let always = without.network.isLinkUp()
    #expect(always)
  }

  @Test func receiveBuffersAreWholePoolBuffersShownAtOnce() throws {
    var rig = try NetworkRig()
    rig.refill()
    #expect(rig.model.availableIndex(0) == 256)
    #expect(rig.model.queues[0].notificationCount == 1)
    let free = rig.pool.freeCount
    #expect(free == 600 - 256)
    let chain = rig.model.takeChain(0)
    #expect(chain?.pieces.map(\.byteCount) == [PacketPool.bufferByteCount])
  }

  /// Virtio 1.1, section 3.1.1: no notification before DRIVER_OK.
  @Test func buffersCanBeThereBeforeTheDeviceIsTold() throws {
    var rig = try NetworkRig()
    rig.network.prepare(from: &rig.pool)
    #expect(rig.model.availableIndex(0) == 256)
    rig.network.ringDoorbell()
    #expect(rig.model.queues[0].notificationCount == 0)
    rig.network.announceBuffers()
    #expect(rig.model.queues[0].notificationCount == 1)
  }

  @Test func framesArriveWholeAndInOrder() throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.deliver(Self.frame)
    rig.model.deliver([UInt8](repeating: 9, count: 14))
    rig.model.deliver([UInt8](repeating: 8, count: 2036))
    let first = rig.receive()
    let second = rig.receive()
    let third = rig.receive()
    let none = rig.receive()
    #expect(first?.bytes == Self.frame && first?.isVerified == false)
    #expect(second?.bytes.count == 14)
    #expect(third?.bytes.count == 2036)
    #expect(none == nil)
    let counters = rig.network.counters
    #expect(counters.receivedFrames == 3)
    #expect(counters.receivedBytes == 60 + 14 + 2036)
  }

  @Test(arguments: [
    (flags: 0, isVerified: false), (flags: 1, isVerified: true), (flags: 2, isVerified: true),
    (flags: 3, isVerified: true), (flags: 4, isVerified: false), (flags: 0xF8, isVerified: false),
  ])
  func checksumsAreVerifiedWhereTheDeviceSaysSo(flags: UInt8, isVerified: Bool) throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.deliver(Self.frame, header: [flags, 0, 0, 0, 0, 0, 34, 0, 16, 0, 1, 0])
    let received = rig.receive()
    #expect(received?.isVerified == isVerified)
  }

  @Test func aQuarterOfTheQueueIsRefilledAtATime() throws {
    var rig = try NetworkRig()
    rig.refill()
    for _ in 0..<63 {
      rig.model.deliver(Self.frame)
      _ = rig.receive()
    }
    rig.refill()
    #expect(rig.model.availableIndex(0) == 256)
    rig.model.deliver(Self.frame)
    _ = rig.receive()
    rig.refill()
    #expect(rig.model.availableIndex(0) == 320)
    #expect(rig.model.queues[0].notificationCount == 2)
  }

  @Test func anEmptyPoolCutsTheRefillShort() throws {
    var rig = try NetworkRig(bufferCount: 10)
    rig.refill()
    rig.refill()
    #expect(rig.model.availableIndex(0) == 10)
    let counters = rig.network.counters
    #expect(counters.shortRefills == 2)
  }

  @Test func aFrameWithoutFragmentsIsOneDescriptor() throws {
    var rig = try NetworkRig()
    let ticket = rig.transmit(header: Self.frame)
    #expect(ticket == 1)
    #expect(rig.model.takeChain(1) == nil)
    rig.network.ringDoorbell()
    let chain = rig.model.takeChain(1)
    #expect(chain?.pieces.count == 1)
    #expect(chain?.bytes == [UInt8](repeating: 0, count: 12) + Self.frame)
  }

  @Test func fragmentsFollowTheHeaderInPlace() throws {
    let memory = TestMemory(byteCount: 4096)
    var rig = try NetworkRig()
    let payload = fragment(memory, Array("payload".utf8), at: 100)
    _ = rig.transmit(header: [1, 2, 3], fragments: [payload])
    rig.network.ringDoorbell()
    let chain = rig.model.takeChain(1)
    #expect(chain?.pieces.count == 2)
    #expect(chain?.isIndirect == false)
    #expect(chain?.pieces.last?.address == payload.address.rawValue)
    #expect((chain?.bytes.dropFirst(12)).map(Array.init) == [1, 2, 3] + Array("payload".utf8))
  }

  @Test(arguments: [true, false])
  func manyFragmentsAreATableWhereTheDeviceKnowsTables(hasTables: Bool) throws {
    let memory = TestMemory(byteCount: 4096)
    let model = FakeVirtioDevice(offered: 1 << 32 | (hasTables ? 1 << 28 : 0))
    var rig = try NetworkRig(model)
    let before = rig.network.freeTransmitSlotCount
    let fragments = (0..<Fragment.limit).map {
      fragment(memory, [UInt8](repeating: UInt8($0), count: $0 % 5), at: 200 * $0)
    }
    _ = rig.transmit(header: [7], fragments: fragments)
    rig.network.ringDoorbell()
    let after = rig.network.freeTransmitSlotCount
    let chain = model.takeChain(1)
    let expected = (0..<Fragment.limit).flatMap { [UInt8](repeating: UInt8($0), count: $0 % 5) }
    #expect(chain?.isIndirect == hasTables)
    #expect((chain?.bytes.dropFirst(12)).map(Array.init) == [7] + expected)
    // 256 descriptors in slots of two, or of 32, which hold any frame without a table.
    #expect(before == (hasTables ? 128 : 8) && after == before - 1)
  }

  /// Virtio 1.1, section 5.1.6.2: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset.
  @Test func offloadsAreAskedForInTheHeader() throws {
    var rig = try NetworkRig()
    _ = rig.transmit(header: Self.frame) {
      $0.checksumStart = 34
      $0.checksumOffset = 16
    }
    _ = rig.transmit(header: Self.frame) {
      $0.checksumStart = 34
      $0.checksumOffset = 16
      $0.segmentByteCount = 1460
    }
    rig.network.ringDoorbell()
    let checksum = rig.model.transmitNext().map { Array($0.prefix(12)) }
    let segmentation = rig.model.transmitNext().map { Array($0.prefix(12)) }
    #expect(checksum == [1, 0, 0, 0, 0, 0, 34, 0, 16, 0, 0, 0])
    #expect(segmentation == [1, 1, 60, 0, 0xB4, 0x05, 34, 0, 16, 0, 0, 0])
  }

  @Test func aFullQueueRefusesAndReleases() throws {
    var rig = try NetworkRig()
    var queued = 0
    while rig.network.freeTransmitSlotCount > 0, rig.transmit(header: [1]) != nil { queued += 1 }
    while rig.transmit(header: [1]) != nil { queued += 1 }
    #expect(queued == 128)
    let buffer = rig.pool.allocate()!.relinquish()
    let before = rig.pool.freeCount
    let ticket = rig.transmit(header: [1]) { $0.retained = buffer }
    let after = rig.pool.freeCount
    #expect(ticket == nil && after == before + 1)
    let counters = rig.network.counters
    #expect(counters.refusedTransmissions == 2)
  }

  @Test func finishedFramesReleaseWhatTheyRetained() throws {
    var rig = try NetworkRig()
    for _ in 0..<3 {
      let buffer = rig.pool.allocate()!.relinquish()
      _ = rig.transmit(header: [1]) { $0.retained = buffer }
    }
    rig.network.ringDoorbell()
    #expect(rig.model.queues[1].notificationCount == 1)
    _ = rig.model.transmitNext()
    _ = rig.model.transmitNext()
    let before = rig.network.completedTransmissionCount
    rig.network.reclaim(&rig.pool)
    let after = rig.network.completedTransmissionCount
    let free = rig.pool.freeCount
    #expect(before == 0 && after == 2 && free == 599)
  }

  @Test func framesFinishedOutOfOrderCountInOrder() throws {
    var rig = try NetworkRig()
    for _ in 0..<3 { _ = rig.transmit(header: [1]) }
    rig.network.ringDoorbell()
    let heads = (0..<3).map { _ in rig.model.takeChain(1)!.head }
    var counts: [UInt32] = []
    for head in [heads[1], heads[0], heads[2]] {
      rig.model.putUsed(1, identifier: UInt32(head), byteCount: 0)
      rig.network.reclaim(&rig.pool)
      counts.append(rig.network.completedTransmissionCount)
    }
    #expect(counts == [0, 2, 3])
  }

  @Test func theDoorbellIsQuietWhenThereIsNothingOrTheDeviceIsAwake() throws {
    var rig = try NetworkRig()
    rig.network.ringDoorbell()
    rig.model.setNotificationsSuppressed(true, 1)
    _ = rig.transmit(header: [1])
    rig.network.ringDoorbell()
    #expect(rig.model.queues.map(\.notificationCount) == [0, 0])
    #expect(rig.model.availableIndex(1) == 1)
  }

  @Test func aLostNotificationIsRepeated() throws {
    var rig = try NetworkRig()
    _ = rig.transmit(header: [1])
    rig.network.ringDoorbell()
    for time in stride(from: 0 as UInt64, through: 2_500_000, by: 100_000) {
      rig.network.checkForLostNotification(now: Instant(nanoseconds: time))
    }
    #expect(rig.model.queues[1].notificationCount == 2)
    _ = rig.model.transmitNext()
    rig.network.reclaim(&rig.pool)
    for time in stride(from: 2_500_000 as UInt64, through: 99_000_000, by: 100_000) {
      rig.network.checkForLostNotification(now: Instant(nanoseconds: time))
    }
    #expect(rig.model.queues[1].notificationCount == 2)
    let counters = rig.network.counters
    #expect(counters.repeatedTransmitDoorbells == 1)
  }

  @Test(arguments: [true, false])
  func aReceiveQueueThatStaysSilentIsNotifiedAgainstItsWish(hasSiblings: Bool) throws {
    var rig = try NetworkRig()
    rig.network.hasSiblings = hasSiblings
    rig.refill()
    rig.network.ringDoorbell()
    rig.model.setNotificationsSuppressed(true, 0)
    let before = rig.model.queues[0].notificationCount
    var counts: [Int] = []
    for time in stride(from: 0 as UInt64, through: 40_000_000, by: 100_000) {
      rig.network.checkForLostNotification(now: Instant(nanoseconds: time))
      counts.append(rig.model.queues[0].notificationCount - before)
    }
    guard hasSiblings else {
      #expect(counts.last == 0)
      return
    }
    // After 15 ms and after 31 ms, not earlier.
    #expect(counts[149] == 0 && counts[150] == 1 && counts[309] == 1 && counts[310] == 2)
    #expect(counts.last == 2)
  }

  @Test func shuttingDownReturnsEveryBuffer() throws {
    var rig = try NetworkRig()
    rig.refill()
    for _ in 0..<20 {
      let buffer = rig.pool.allocate()!.relinquish()
      _ = rig.transmit(header: [1]) { $0.retained = buffer }
    }
    rig.network.ringDoorbell()
    let isDown = rig.network.shutDown(&rig.pool)
    let free = rig.pool.freeCount
    let completed = rig.network.completedTransmissionCount
    let slots = rig.network.freeTransmitSlotCount
    #expect(isDown && free == 600 && completed == 20 && slots == 0)
    #expect(rig.model.status == 0)
    let ticket = rig.transmit(header: [1])
    #expect(ticket == nil)
  }

  @Test func aDeviceThatWillNotResetKeepsItsBuffers() throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.refusesReset = true
    let isDown = rig.network.shutDown(&rig.pool)
    let free = rig.pool.freeCount
    #expect(!isDown && free == 600 - 256)
  }
}
