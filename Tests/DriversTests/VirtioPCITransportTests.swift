import Packets
import Testing
import Wire

@testable import Drivers

@Suite struct VirtioPCITransportTests {
  private func write(_ width: Int, _ offset: Int, _ value: UInt64) -> FakeVirtioDevice.Access {
    .init(part: "common", isWrite: true, width: width, offset: offset, value: value)
  }
  private func read(_ width: Int, _ offset: Int, _ value: UInt64) -> FakeVirtioDevice.Access {
    .init(part: "common", isWrite: false, width: width, offset: offset, value: value)
  }

  /// Virtio 1.1, section 4.1.5.1.3.
  private func queueSetUp(
    _ number: UInt64, _ queue: FakeVirtioDevice.Queue, doorbell: UInt64
  ) -> [FakeVirtioDevice.Access] {
    [
      write(2, 22, number), read(2, 24, 256), read(2, 28, 0),
      write(2, 22, number), read(2, 30, doorbell),
      write(2, 24, 256), write(2, 26, 0xFFFF),
      write(4, 32, queue.descriptors & 0xFFFF_FFFF), write(4, 36, queue.descriptors >> 32),
      write(4, 40, queue.available & 0xFFFF_FFFF), write(4, 44, queue.available >> 32),
      write(4, 48, queue.used & 0xFFFF_FFFF), write(4, 52, queue.used >> 32),
      write(2, 28, 1),
    ]
  }

  /// Virtio 1.1, section 3.1.1, steps 1 to 8, register by register.
  @Test func theInitialisationIsTheSpecifications() throws {
    let model = FakeVirtioDevice()
    _ = try NetworkRig(model)
    let features: UInt64 = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 11 | 1 << 16 | 1 << 28 | 1 << 32
    let offered = FakeVirtioDevice.defaultFeatures
    var expected = [
      // 1. Reset, and wait for it.
      write(1, 20, 0), read(1, 20, 0),
      // 2. ACKNOWLEDGE. 3. DRIVER.
      write(1, 20, 1), write(1, 20, 3),
      // 4. Read the features, write the subset understood.
      write(4, 0, 0), read(4, 4, offered & 0xFFFF_FFFF), write(4, 0, 1), read(4, 4, offered >> 32),
      write(4, 8, 0), write(4, 12, features & 0xFFFF_FFFF), write(4, 8, 1),
      write(4, 12, features >> 32),
      // 5. FEATURES_OK. 6. Still set?
      write(1, 20, 11), read(1, 20, 11),
    ]
    // 7. Configuration and queues.
    expected.append(read(1, 21, 0))
    expected += FakeVirtioDevice.address.enumerated().map {
      .init(part: "device", isWrite: false, width: 1, offset: $0, value: UInt64($1))
    }
    expected.append(read(1, 21, 0))
    expected += queueSetUp(0, model.queues[0], doorbell: 0)
    expected += queueSetUp(1, model.queues[1], doorbell: 1)
    // 8. DRIVER_OK.
    expected.append(write(1, 20, 15))
    #expect(model.trace == expected)
    #expect(model.accepted == features)
  }

  @Test func queuesLieWhereTheSpecificationAlignsThem() throws {
    let model = FakeVirtioDevice()
    _ = try NetworkRig(model)
    for queue in model.queues {
      #expect(queue.descriptors % 16 == 0)
      #expect(queue.available % 2 == 0)
      #expect(queue.used % 4 == 0)
      #expect(queue.available >= queue.descriptors + 16 * 256)
    }
  }

  @Test func partsAreMappedWhereTheCapabilitiesSay() throws {
    let model = FakeVirtioDevice()
    let bus = VirtioFunction.bus()
    var mapper = FakeMapper(model: model, base: VirtioFunction.base)
    var memory = PCIMemoryWindow(start: DeviceAddress(0), end: DeviceAddress(0))
    let function = try #require(PCIFunction(at: VirtioFunction.address, bus))
    _ = try VirtioPCITransport(
      function, bus, mapper: &mapper, assigningFrom: &memory, messages: Span())
    let base = VirtioFunction.base
    #expect(mapper.requests.map(\.address) == [base, base + 0x3000, base + 0x1000, base + 0x2000])
    #expect(mapper.requests.map(\.byteCount) == [0x38, 0x1000, 1, 12])
    #expect(bus.read16(VirtioFunction.address, at: 4) & 6 == 6)
  }

  @Test func anUnplacedDeviceIsPlaced() throws {
    let model = FakeVirtioDevice()
    let transport = try VirtioFunction.transport(
      model, bus: VirtioFunction.bus(placedAt: 0), base: 0xC000_0000,
      memory: PCIMemoryWindow(start: DeviceAddress(0xC000_0000), end: DeviceAddress(0xC100_0000)))
    #expect(transport.kind == .network)
  }

  @Test func capabilitiesThatMakeNoSenseAreSkipped() throws {
    let junk = [
      VirtioFunction.capability(kind: 1, bar: 6, offset: 0, byteCount: 0x38),
      VirtioFunction.capability(kind: 1, offset: 0, byteCount: 0x37),
      VirtioFunction.capability(kind: 1, offset: 2, byteCount: 0x38),
      VirtioFunction.capability(kind: 1, offset: 0, byteCount: 0x38, length: 15),
      VirtioFunction.capability(kind: 2, offset: 0x3000, byteCount: 0x1000),
      VirtioFunction.capability(kind: 5, offset: 0, byteCount: 4),
      VirtioFunction.capability(kind: 0, offset: 0, byteCount: 4),
      (identifier: 0x11, body: [0, 0]),
    ]
    let transport = try VirtioFunction.transport(
      FakeVirtioDevice(),
      bus: VirtioFunction.bus(
        Array(junk.prefix(5)) + [junk[7]]
          + VirtioFunction.capabilities))
    #expect(transport.configurationByteCount == 12)
    #expect(throws: VirtioError.notModern) {
      try VirtioFunction.transport(FakeVirtioDevice(), bus: VirtioFunction.bus(junk))
    }
  }

  @Test(arguments: [
    (0x3FFC as UInt32, 0x38 as UInt32), (0xFFFF_FFFC, 0x38), (0, 0xFFFF_FFFF), (0x4000, 0x38),
  ])
  func aPartOutsideItsRangeIsRefused(offset: UInt32, byteCount: UInt32) {
    let bus = VirtioFunction.bus(
      [VirtioFunction.capability(kind: 1, offset: offset, byteCount: byteCount)]
        + VirtioFunction.capabilities.dropFirst())
    #expect(throws: VirtioError.malformedRegisters) {
      try VirtioFunction.transport(FakeVirtioDevice(), bus: bus)
    }
  }

  @Test(arguments: 0..<3)
  func aDeviceWithoutAnEssentialPartIsNotModern(missing: Int) {
    var capabilities = [
      VirtioFunction.common, VirtioFunction.interrupt, VirtioFunction.doorbells,
      VirtioFunction.device,
    ]
    capabilities.remove(at: missing)
    #expect(throws: VirtioError.notModern) {
      try VirtioFunction.transport(FakeVirtioDevice(), bus: VirtioFunction.bus(capabilities))
    }
  }

  @Test func aRangeThatCannotBePlacedOrMappedIsRefused() {
    #expect(throws: VirtioError.unmappable) {
      try VirtioFunction.transport(FakeVirtioDevice(), bus: VirtioFunction.bus(placedAt: 0))
    }
    #expect(throws: VirtioError.unmappable) {
      try VirtioFunction.transport(FakeVirtioDevice(), base: 0x1234_0000)
    }
  }

  @Test func aDoorbellOutsideItsPartIsRefused() {
    let model = FakeVirtioDevice()
    model.doorbellIndex = [0, 0xFFFF]
    #expect(throws: VirtioError.queueRefused) { _ = try NetworkRig(model) }
    #expect(model.status & 128 != 0)
  }

  @Test func aSharedDoorbellIsAllowed() throws {
    let bus = VirtioFunction.bus([
      VirtioFunction.common, VirtioFunction.interrupt, VirtioFunction.device,
      VirtioFunction.capability(kind: 2, offset: 0x3000, byteCount: 2, stride: 0),
    ])
    let model = FakeVirtioDevice()
    let transport = try VirtioFunction.transport(model, bus: bus)
    transport.ring(VirtioDoorbell(queue: 1, offset: 0))
    #expect(model.queues[1].notificationCount == 1)
    #expect(
      model.trace.last
        == .init(part: "doorbells", isWrite: true, width: 2, offset: 0, value: 1))
  }

  @Test func readingTheInterruptStatusLowersIt() throws {
    let model = FakeVirtioDevice()
    let transport = try VirtioFunction.transport(model)
    model.interruptStatus = 3
    #expect(transport.acknowledgeInterrupt() == .usedBuffers | .configuration)
    #expect(transport.acknowledgeInterrupt() == VirtioInterrupt(rawValue: 0))
  }

  @Test(
    arguments: [
      (0x1AF4, 0x1000, 1), (0x1AF4, 0x1041, 1), (0x1AF4, 0x1044, 4), (0x1AF4, 0x1005, 4),
      (0x1AF4, 0x1001, nil), (0x1AF4, 0x1040, nil), (0x1AF4, 0x1080, nil), (0x8086, 0x1041, nil),
    ] as [(UInt16, UInt16, UInt32?)])
  func identifiersNameKinds(vendor: UInt16, device: UInt16, kind: UInt32?) {
    let bus = FakePCIBus()
    bus.functions[VirtioFunction.address] = .init(vendor: vendor, device: device)
    let function = PCIFunction(at: VirtioFunction.address, bus)
    let found = function.flatMap { VirtioPCITransport<FakePCIWindow>.kind(of: $0) }
    #expect(found?.rawValue == kind)
  }
}
