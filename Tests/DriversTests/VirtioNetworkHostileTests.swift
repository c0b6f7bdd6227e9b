import Packets
import Testing

@testable import Drivers

/// hostile inputs, "virtio (as guest)": every item, against the whole driver.
@Suite struct VirtioNetworkHostileTests {
  private static let frame = [UInt8](repeating: 0x42, count: 60)

  /// Delivers one frame the driver must drop and a good one it must still receive.
  private func drop(
    _ frame: [UInt8] = frame, header: [UInt8], features: UInt64 = FakeVirtioDevice.defaultFeatures
  ) throws -> VirtioNetworkCounters {
    var rig = try NetworkRig(FakeVirtioDevice(offered: features))
    rig.refill()
    rig.model.deliver(frame, header: header)
    rig.model.deliver(Self.frame)
    let received = rig.receive()
    let none = rig.receive()
    let free = rig.pool.freeCount
    let counters = rig.network.counters
    #expect(received?.bytes == Self.frame && none == nil)
    #expect(free == 600 - 254)
    #expect(counters.receivedFrames == 1)
    return counters
  }

  @Test(arguments: 0..<26)
  func aFrameShorterThanBothHeadersIsDropped(byteCount: Int) throws {
    let counters = try drop([], header: .init(repeating: 0, count: byteCount))
    #expect(counters.droppedShort == 1)
  }

  @Test(arguments: [1, 3, 4, 5, 0x80, 0x81, 0xFF] as [UInt8])
  func segmentationThatWasNotNegotiatedIsDropped(kind: UInt8) throws {
    let counters = try drop(header: [0, kind, 54, 0, 0xB4, 5, 34, 0, 16, 0, 1, 0])
    #expect(counters.droppedSegmentation == 1)
  }

  @Test(arguments: [(59, 0), (0, 59), (58, 1), (65_535, 65_535), (0, 65_535), (65_535, 0)])
  func aChecksumOutsideTheFrameIsDropped(start: Int, offset: Int) throws {
    let bytes = [start & 255, start >> 8, offset & 255, offset >> 8].map { UInt8($0) }
    let counters = try drop(header: [1, 0, 0, 0, 0, 0] + bytes + [1, 0])
    #expect(counters.droppedChecksumRange == 1)
  }

  @Test func anIncompleteChecksumThatWasNotNegotiatedIsDropped() throws {
    let counters = try drop(
      header: [1, 0, 0, 0, 0, 0, 34, 0, 16, 0, 1, 0], features: 1 << 32)
    #expect(counters.droppedChecksum == 1)
  }

  @Test func aVerdictThatWasNotNegotiatedIsNotBelieved() throws {
    var rig = try NetworkRig(FakeVirtioDevice(offered: 1 << 32))
    rig.refill()
    rig.model.deliver(Self.frame, header: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    let received = rig.receive()
    #expect(received?.isVerified == false)
  }

  /// Some devices never set `num_buffers` without MRG_RXBUF; it means nothing then.
  @Test(arguments: [0, 1, 2, 255] as [UInt8])
  func theBufferCountIsIgnored(count: UInt8) throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.deliver(Self.frame, header: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count, 0])
    let received = rig.receive()
    #expect(received?.bytes == Self.frame)
  }

  @Test(arguments: [256, 0xFFFF_FFFF] as [UInt32])
  func anIdentifierOutOfRangeStopsReception(identifier: UInt32) throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.putUsed(0, identifier: identifier, byteCount: 72)
    let received = rig.receive()
    let violation = rig.network.receiveViolation
    let needsReset = rig.network.needsReset()
    #expect(received == nil && violation == .identifier && needsReset)
    // The transmit queue goes on.
    let ticket = rig.transmit(header: Self.frame)
    #expect(ticket == 1)
  }

  @Test(arguments: [2049, 0xFFFF_FFFF, 0x8000_0000] as [UInt32])
  func moreBytesThanABufferHoldsStopReception(byteCount: UInt32) throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.putUsed(0, identifier: 0, byteCount: byteCount)
    let received = rig.receive()
    let violation = rig.network.receiveViolation
    #expect(received == nil && violation == .byteCount)
  }

  @Test func aUsedIndexThatJumpsStopsReception() throws {
    var rig = try NetworkRig()
    rig.refill()
    rig.model.forgeUsedIndex(0, 257)
    let received = rig.receive()
    let violation = rig.network.receiveViolation
    #expect(received == nil && violation == .position)
  }

  @Test func theSameFrameTwiceStopsTransmission() throws {
    var rig = try NetworkRig()
    let buffer = rig.pool.allocate()!.relinquish()
    _ = rig.transmit(header: Self.frame) { $0.retained = buffer }
    _ = rig.transmit(header: Self.frame)
    rig.network.ringDoorbell()
    for _ in 0..<2 { rig.model.putUsed(1, identifier: 0, byteCount: 0) }
    rig.network.reclaim(&rig.pool)
    let violation = rig.network.transmitViolation
    let free = rig.pool.freeCount
    let completed = rig.network.completedTransmissionCount
    let slots = rig.network.freeTransmitSlotCount
    #expect(violation == .notInFlight && free == 600 && completed == 1 && slots == 0)
    let ticket = rig.transmit(header: Self.frame)
    #expect(ticket == nil)
  }

  /// Deviation from section 2.6.8.2 that real devices need.
  @Test func aByteCountOfATransmittedFrameIsIgnored() throws {
    var rig = try NetworkRig()
    _ = rig.transmit(header: Self.frame)
    rig.network.ringDoorbell()
    rig.model.putUsed(1, identifier: 0, byteCount: 72)
    rig.network.reclaim(&rig.pool)
    let completed = rig.network.completedTransmissionCount
    #expect(completed == 1)
  }

  @Test func aSpuriousInterruptOrConfigurationStormChangesNothing() throws {
    var rig = try NetworkRig()
    rig.refill()
    for turn in 0..<1_000 {
      rig.model.interruptStatus = UInt8(turn & 3)
      rig.model.generation &+= 1
      _ = rig.network.acknowledgeInterrupt()
      _ = rig.network.isLinkUp()
      let received = rig.receive()
      #expect(received == nil)
    }
    rig.model.deliver(Self.frame)
    let received = rig.receive()
    #expect(received?.bytes == Self.frame)
  }

  @Test func aDeviceThatResetsItselfIsNoticed() throws {
    var rig = try NetworkRig()
    rig.refill()
    let before = rig.network.needsReset()
    rig.model.status |= 64
    let after = rig.network.needsReset()
    let isDown = rig.network.shutDown(&rig.pool)
    let free = rig.pool.freeCount
    #expect(!before && after && isDown && free == 600)
  }
}
