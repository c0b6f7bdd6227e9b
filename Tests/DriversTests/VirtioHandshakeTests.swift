import Packets
import TestSupport
import Testing
import Wire

@testable import Drivers

@Suite struct VirtioHandshakeTests {
  @Test func aLegacyDeviceIsGivenUp() {
    let model = FakeVirtioDevice(offered: FakeVirtioDevice.defaultFeatures & ~(1 << 32))
    #expect(throws: VirtioError.notModern) { _ = try NetworkRig(model) }
    #expect(model.status == 128 | 3)
  }

  @Test func aDeviceThatRefusesItsOwnFeaturesIsGivenUp() {
    let model = FakeVirtioDevice()
    model.refusesFeatures = true
    #expect(throws: VirtioError.featuresRefused) { _ = try NetworkRig(model) }
    #expect(model.status & 128 != 0)
  }

  @Test func aResetThatNeverEndsIsGivenUp() {
    let model = FakeVirtioDevice()
    model.status = 15
    model.refusesReset = true
    model.isRecording = false
    #expect(throws: VirtioError.resetTimedOut) { _ = try NetworkRig(model) }
  }

  @Test func anotherKindOfDeviceIsRefused() throws {
    let model = FakeVirtioDevice()
    let bus = VirtioFunction.bus()
    bus.functions[VirtioFunction.address]?.set(UInt16(0x1044), at: 2)
    let transport = try VirtioFunction.transport(model, bus: bus)
    let memory = TestMemory(byteCount: 1 << 20)
    var arena = memory.arena
    #expect(throws: VirtioError.wrongKind) {
      _ = try VirtioNetwork(
        transport, fallbackAddress: NetworkRig.fallback, arena: &arena, map: DirectMap(offset: 0))
    }
  }

  @Test func platformFeaturesAreAcceptedWhereOffered() throws {
    let model = FakeVirtioDevice(offered: 1 << 32 | 1 << 33 | 1 << 36 | 1 << 34)
    _ = try NetworkRig(model)
    #expect(model.accepted == 1 << 32 | 1 << 33 | 1 << 36)
  }

  /// Section 5.1.3.1: HOST_TSO4 requires CSUM.
  @Test func segmentationWithoutChecksumIsNotTaken() throws {
    let model = FakeVirtioDevice(offered: 1 << 32 | 1 << 11)
    let rig = try NetworkRig(model)
    let offloads = rig.network.offloads
    #expect(model.accepted == 1 << 32)
    #expect(!offloads.segmentation && !offloads.transmitChecksum)
  }

  @Test func anArenaThatIsTooSmallIsAnError() throws {
    let model = FakeVirtioDevice()
    let transport = try VirtioFunction.transport(model)
    for byteCount in stride(from: 0, to: 80_000, by: 4_001) {
      let memory = TestMemory(byteCount: byteCount)
      var arena = memory.arena
      #expect(throws: VirtioError.outOfMemory) {
        _ = try VirtioNetwork(
          transport, fallbackAddress: NetworkRig.fallback, arena: &arena,
          map: DirectMap(offset: 0))
      }
      #expect(model.status & 128 != 0)
    }
  }

  @Test(arguments: [(0, nil), (31, nil), (32, 32), (255, 128), (256, 256), (65_535, 256)])
  func queueSizesArePowersOfTwoWithinTheLimit(limit: Int, expected: Int?) {
    let model = FakeVirtioDevice(queueSize: limit)
    if let expected {
      #expect(throws: Never.self) { _ = try NetworkRig(model) }
      #expect(model.queues.map(\.size) == [expected, expected])
    } else {
      #expect(throws: VirtioError.queueRefused) { _ = try NetworkRig(model) }
    }
  }
}
