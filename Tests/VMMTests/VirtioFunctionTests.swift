import Drivers
import Testing
import Wire

@testable import HostNetwork
@testable import VMM

@Suite struct VirtioFunctionTests {
  static let base = Rig.networkBase
  static let plain = VirtioFeatures.version1 | .networkAddress

  @Test func aDriverFindsTheCardAndItsParts() throws {
    let rig = try Rig()
    #expect(rig.configuration(0, 0) == 0x1237_8086)
    #expect(rig.configuration(1, 0) == 0x1041_1AF4)
    #expect(rig.configuration(2, 0) == 0x1044_1AF4)
    #expect(rig.configuration(3, 0) & 0xFFFF_FFFF == 0xFFFF_FFFF)
    #expect(rig.configuration(1, 0x06, byteCount: 2) & 0x10 != 0)
    // Every capability by its link: four of virtio, and MSI-X.
    var offset = Int(rig.configuration(1, 0x34, byteCount: 1))
    var kinds: [UInt64] = []
    while offset != 0, kinds.count < 10 {
      let identifier = rig.configuration(1, offset, byteCount: 1)
      kinds.append(identifier == 9 ? rig.configuration(1, offset + 3, byteCount: 1) : identifier)
      offset = Int(rig.configuration(1, offset + 1, byteCount: 1))
    }
    #expect(kinds == [1, 2, 3, 4, 0x11])
  }

  @Test func theBaseAddressCanBeSizedAndMoved() throws {
    let rig = try Rig()
    rig.setConfiguration(1, 0x10, 0xFFFF_FFFF)
    #expect(rig.configuration(1, 0x10) == 0xFFFF_8000)
    rig.setConfiguration(1, 0x10, 0xD000_0000)
    #expect(rig.read(0xD000_0000 + 18, 2) == 3)
    #expect(rig.read(Self.base + 18, 2) == UInt64.max)
    rig.setConfiguration(1, 0x04, 0, byteCount: 2)
    #expect(rig.read(0xD000_0000 + 18, 2) == UInt64.max)
  }

  @Test func aDriverThatKeepsTheOrderStartsTheBackEnd() throws {
    let rig = try Rig()
    #expect(rig.negotiate(Self.plain) == 11)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    #expect(rig.backEnd.activation == nil)
    rig.start()
    let activation = try #require(rig.backEnd.activation)
    #expect(activation.queues.count == 2)
    #expect(activation.features == Self.plain)
    #expect(activation.queues[1].descriptors == 0x20000)
    #expect(activation.queues[1].size == 8)
    #expect(rig.router.doorbells == [Self.base + 0x3000, Self.base + 0x3004])
    rig.write(Self.base + 20, 1, 0)
    #expect(rig.backEnd.stopCount == 1)
    #expect(rig.router.doorbells.isEmpty)
    #expect(rig.read(Self.base + 20, 1) == 0)
  }

  @Test(arguments: [
    VirtioFeatures.networkAddress,  // without VERSION_1
    .version1 | VirtioFeatures(rawValue: 1 << 63),  // not offered
    .version1 | .networkSegmentation,  // without the checksum
    .version1 | .networkQueuePairs,  // without the control queue
    .version1 | .networkReceiveScaling,
  ])
  func featuresThatCannotBeAreRefused(features: VirtioFeatures) throws {
    let rig = try Rig(pairs: 2)
    #expect(rig.negotiate(features) == 3)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.start()
    #expect(rig.backEnd.activation == nil)
  }

  @Test func nothingAboutQueuesChangesAfterTheStart() throws {
    let rig = try Rig()
    rig.negotiate(Self.plain)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.start()
    rig.write(Self.base + 22, 2, 0)
    for (offset, byteCount, value) in [
      (24, 2, 4), (26, 2, 0), (28, 2, 0), (32, 4, 0x999), (40, 4, 0x999), (48, 4, 0x999),
    ] as [(UInt64, Int, UInt64)] {
      let before = rig.read(Self.base + offset, byteCount)
      rig.write(Self.base + offset, byteCount, value)
      #expect(rig.read(Self.base + offset, byteCount) == before)
    }
    rig.setConfiguration(1, 0x10, 0xD000_0000)
    #expect(rig.configuration(1, 0x10) == Self.base)
    rig.write(Self.base + 8, 4, 0)
    rig.write(Self.base + 12, 4, 0xFFFF_FFFF)
    #expect(rig.read(Self.base + 12, 4) == Self.plain.rawValue & 0xFFFF_FFFF)
    // DRIVER_OK once more starts nothing anew.
    rig.start()
    #expect(rig.backEnd.stopCount == 0)
  }

  @Test func registersAnswerOnlyToTheirOwnWidth() throws {
    let rig = try Rig()
    rig.negotiate(Self.plain)
    for (offset, right) in [(0, 4), (16, 2), (20, 1), (24, 2), (32, 4)] as [(UInt64, Int)] {
      for byteCount in [1, 2, 4, 8] where byteCount != right {
        #expect(rig.read(Self.base + offset, byteCount) == 0)
        rig.write(Self.base + offset, byteCount, .max)
      }
    }
    #expect(rig.read(Self.base + 20, 1) == 11)
    #expect(rig.read(Self.base + 24, 2) == 256)
    // Device configuration is bytes: any width, zeros behind its end.
    #expect(rig.read(Self.base + 0x2000, 8) == 0x0001_0100_0000_0002)
    #expect(rig.read(Self.base + 0x2FFF, 8) == 0)
  }

  @Test func aDoorbellBeforeTheStartIsNothing() throws {
    let rig = try Rig()
    for queue in 0..<4 as Range<UInt64> { rig.write(Self.base + 0x3000 + 4 * queue, 2, queue) }
    rig.negotiate(Self.plain)
    rig.setUpQueue(0)
    rig.write(Self.base + 0x3000, 2, 0)
    #expect(rig.backEnd.activation == nil)
  }

  @Test func aQueueOutsideMemoryStartsNothingAndSaysSo() throws {
    let rig = try Rig()
    rig.negotiate(Self.plain | .networkControl)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.write(Self.base + 22, 2, 2)
    rig.write(Self.base + 36, 4, 0xFFFF)
    rig.write(Self.base + 28, 2, 1)
    rig.start()
    #expect(rig.backEnd.activation == nil)
    #expect(rig.read(Self.base + 20, 1) & 64 != 0)
  }

  @Test func aBrokenQueueAsksForAReset() throws {
    let rig = try Rig()
    rig.negotiate(Self.plain)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.start()
    let report = try #require(rig.backEnd.activation?.report)
    report(.positionJump)
    #expect(rig.read(Self.base + 20, 1) == 15 | 64)
    rig.negotiate(Self.plain)
    #expect(rig.read(Self.base + 20, 1) == 11)
  }

  @Test func messagesAreRoutedWhileNothingMasksThem() throws {
    let rig = try Rig()
    let table = Self.base + 0x4000
    let control = Int(rig.configuration(1, 0x34, byteCount: 1))
    var capability = control
    while rig.configuration(1, capability, byteCount: 1) != 0x11 {
      capability = Int(rig.configuration(1, capability + 1, byteCount: 1))
    }
    rig.write(table + 16, 4, 0xFEE0_0000)
    rig.write(table + 24, 4, 0x40)
    rig.write(table + 28, 4, 0)
    #expect(rig.router.messages.isEmpty)
    rig.setConfiguration(1, capability + 2, 0x8000, byteCount: 2)
    #expect(rig.router.messages.count == 1)
    #expect(rig.router.messages.first?.number == 1)
    #expect(rig.router.messages.first?.data == 0x40)
    rig.write(table + 28, 4, 1)
    #expect(rig.router.messages.isEmpty)
    rig.write(table + 28, 4, 0)
    rig.setConfiguration(1, capability + 2, 0xC000, byteCount: 2)
    #expect(rig.router.messages.isEmpty)
    // Beyond the table, and of other widths.
    rig.write(table + 0xFF8, 8, .max)
    rig.write(table + 1, 1, .max)
    #expect(rig.read(table + 16, 8) == 0xFEE0_0000)
  }
}

@Suite struct EntropyDeviceTests {
  @Test func aRequestIsFilledWithRandomBytes() throws {
    let rig = try Rig()
    let base = Rig.entropyBase
    #expect(rig.negotiate(.version1, at: base) == 11)
    rig.setUpQueue(0, at: base)
    rig.start(at: base)
    rig.request([], room: 64, queue: 0, at: base)
    let bytes = try #require(rig.answer(64, queue: 0))
    #expect(Set(bytes).count > 8)
    #expect(rig.memory.read(at: 0x12002, byteCount: 10) == [1, 0, 0, 0, 0, 0, 64, 0, 0, 0])
  }

  @Test func aRequestWithoutRoomIsAnsweredWithNothing() throws {
    let rig = try Rig()
    let base = Rig.entropyBase
    rig.negotiate(.version1, at: base)
    rig.setUpQueue(0, at: base)
    rig.start(at: base)
    rig.request([1, 2, 3], room: 0, queue: 0, at: base)
    #expect(rig.memory.read(at: 0x12002, byteCount: 10) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  }
}
