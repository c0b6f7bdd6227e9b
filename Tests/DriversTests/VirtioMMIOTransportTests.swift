import Packets
import TestSupport
import Testing

@testable import Drivers

@Suite struct VirtioMMIOTransportTests {
  private func write(_ offset: Int, _ value: UInt64) -> FakeVirtioDevice.Access {
    .init(part: "mmio", isWrite: true, width: 4, offset: offset, value: value)
  }
  private func read(_ offset: Int, _ value: UInt64) -> FakeVirtioDevice.Access {
    .init(part: "mmio", isWrite: false, width: 4, offset: offset, value: value)
  }

  /// Virtio 1.1, section 4.2.3.2.
  private func queueSetUp(
    _ number: UInt64, _ queue: FakeVirtioDevice.Queue
  ) -> [FakeVirtioDevice.Access] {
    [
      write(0x30, number), read(0x44, 0), read(0x34, 256),
      write(0x30, number), write(0x38, 256),
      write(0x80, queue.descriptors & 0xFFFF_FFFF), write(0x84, queue.descriptors >> 32),
      write(0x90, queue.available & 0xFFFF_FFFF), write(0x94, queue.available >> 32),
      write(0xA0, queue.used & 0xFFFF_FFFF), write(0xA4, queue.used >> 32),
      write(0x44, 1),
    ]
  }

  /// Virtio 1.1, sections 4.2.3.1 and 3.1.1.
  @Test func theInitialisationIsTheSpecifications() throws {
    let model = FakeVirtioDevice(offered: 1 << 0 | 1 << 32)
    let memory = TestMemory(byteCount: 1 << 20)
    var arena = memory.arena
    let transport = try VirtioMMIOTransport(FakeMMIOWindow(model: model))
    _ = try VirtioNetwork(
      transport, fallbackAddress: NetworkRig.fallback, arena: &arena, map: DirectMap(offset: 0))
    var expected = [
      read(0, 0x7472_6976), read(4, 2), read(8, 1),
      write(0x70, 0), read(0x70, 0), write(0x70, 1), write(0x70, 3),
      write(0x14, 0), read(0x10, 1), write(0x14, 1), read(0x10, 1),
      write(0x24, 0), write(0x20, 1), write(0x24, 1), write(0x20, 1),
      write(0x70, 11), read(0x70, 11),
    ]
    expected += queueSetUp(0, model.queues[0])
    expected += queueSetUp(1, model.queues[1])
    expected.append(write(0x70, 15))
    #expect(model.trace == expected)
  }

  @Test func whatIsNotAVersion2DeviceIsIgnored() {
    let model = FakeVirtioDevice()
    let windows = [
      FakeMMIOWindow(model: model, magic: 0x7472_6975), FakeMMIOWindow(model: model, version: 1),
      FakeMMIOWindow(model: model, byteCount: 0xFF),
    ]
    for window in windows {
      #expect(throws: VirtioError.notModern) { try VirtioMMIOTransport(window) }
    }
    model.kind = 0
    #expect(throws: VirtioError.notModern) {
      try VirtioMMIOTransport(FakeMMIOWindow(model: model))
    }
  }

  @Test func onlyKnownInterruptsAreAcknowledged() throws {
    let model = FakeVirtioDevice()
    let transport = try VirtioMMIOTransport(FakeMMIOWindow(model: model))
    model.interruptStatus = 0xF1
    #expect(transport.acknowledgeInterrupt() == .usedBuffers)
    #expect(model.interruptStatus == 0xF0)
  }

  @Test func theDoorbellIsOneRegisterForAllQueues() throws {
    let model = FakeVirtioDevice()
    let transport = try VirtioMMIOTransport(FakeMMIOWindow(model: model))
    let layout = VirtqueueLayout(
      size: 32, descriptors: DeviceAddress(0x1000), available: DeviceAddress(0x2000),
      used: DeviceAddress(0x3000))
    let doorbell = try #require(transport.enableQueue(1, at: layout))
    transport.ring(doorbell)
    #expect(model.trace.last == write(0x50, 1))
    #expect(model.queues[1].notificationCount == 1)
  }
}
