import Drivers
import HostNetwork
import Testing
import Wire

@testable import VMM

@Suite struct NetworkDeviceTests {
  static let features =
    VirtioFeatures.version1 | .networkControl | .networkQueuePairs | .networkReceiveScaling

  /// A card with two pairs that is started; queue 4 takes commands.
  func started() throws -> Rig {
    let rig = try Rig(pairs: 2)
    #expect(rig.negotiate(Self.features) == 11)
    for queue in 0..<5 as Range<UInt64> { rig.setUpQueue(queue) }
    rig.start()
    return rig
  }

  func status(of command: [UInt8], on rig: Rig) -> UInt8? {
    rig.store(UInt8(0xAA), at: Rig.place(of: 4) + 0x4000)
    rig.request(command, room: 1, queue: 4)
    return rig.answer(1, queue: 4)?.first
  }

  @Test func theConfigurationSaysWhatTheCardHas() throws {
    let rig = try Rig(pairs: 2)
    let bytes = (0..<24).map { UInt8(rig.read(Rig.networkBase + 0x2000 + UInt64($0), 1)) }
    #expect(bytes[..<10] == [2, 0, 0, 0, 0, 1, 1, 0, 2, 0])
    #expect(bytes[17...] == [40, 128, 0, 7, 0, 0, 0])
  }

  @Test func onePairIsUsedUntilMoreAreAskedFor() throws {
    let rig = try started()
    #expect(rig.backEnd.activation?.queues.count == 4)
    #expect(rig.backEnd.activation?.steering == .automatic(pairCount: 1))
    #expect(status(of: [4, 0, 2, 0], on: rig) == 0)
    #expect(rig.backEnd.steering == [.automatic(pairCount: 2)])
  }

  static let key = [UInt8](0..<40)

  static func hash(
    kinds: UInt8 = 7, mask: UInt8 = 1, unclassified: UInt8 = 0, table: [UInt8] = [0, 0, 1, 0],
    transmit: UInt8 = 2, keyByteCount: UInt8 = 40, key: [UInt8] = Self.key
  ) -> [UInt8] {
    [4, 1, kinds, 0, 0, 0, mask, 0, unclassified, 0] + table + [transmit, 0, keyByteCount] + key
  }

  @Test func hashingIsHandedOn() throws {
    let rig = try started()
    #expect(status(of: Self.hash(), on: rig) == 0)
    let hashing = ReceiveHashing(
      kinds: 7, key: Self.key, table: [0, 1], unclassified: 0, pairCount: 2)
    #expect(rig.backEnd.steering == [.hashed(hashing)])
  }

  static let refused: [[UInt8]] = [
    [], [4], [4, 0], [4, 0, 1], [4, 0, 0, 0], [4, 0, 3, 0], [4, 9, 1, 0], [0, 0, 1],
    hash(kinds: 8), hash(mask: 2), hash(mask: 255), hash(unclassified: 2),
    hash(table: [0, 0, 2, 0]), hash(table: [0, 0]), hash(transmit: 0), hash(transmit: 3),
    hash(keyByteCount: 39), hash(key: Array(key.dropLast())),
  ]

  @Test(arguments: refused)
  func aCommandThatMakesNoSenseIsRefused(command: [UInt8]) throws {
    let rig = try started()
    // An empty command has no readable buffer at all.
    #expect(status(of: command, on: rig) == 1)
    #expect(rig.backEnd.steering.isEmpty)
  }

  @Test func commandsNeedTheirFeature() throws {
    let rig = try Rig(pairs: 2)
    rig.negotiate(.version1 | .networkControl)
    for queue in 0..<3 as Range<UInt64> { rig.setUpQueue(queue) }
    rig.start()
    #expect(rig.backEnd.activation?.queues.count == 2)
    rig.request([4, 0, 1, 0], room: 1, queue: 2)
    #expect(rig.answer(1, queue: 2) == [1])
  }

  @Test func aBrokenControlQueueAsksForAReset() throws {
    let rig = try started()
    rig.store(UInt16(100), at: Rig.place(of: 4) + 0x1002)
    rig.write(Rig.networkBase + 0x3000 + 16, 2, 4)
    #expect(rig.read(Rig.networkBase + 20, 1) & 64 != 0)
  }
}
