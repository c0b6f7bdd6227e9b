import Drivers
import HostNetwork
import Testing
import Wire

@testable import VMM

/// A guest that does anything it can to its devices, in any order: every seed another life. That a
/// life ends is half of the test: nothing traps, nothing loops.
@Suite struct HostileGuestTests {
  /// Steele, Lea and Flood's generator: the same life for the same seed.
  private struct Chance {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }

    mutating func next(below limit: UInt64) -> UInt64 { next() % limit }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
      elements[Int(next(below: UInt64(elements.count)))]
    }

    /// Where things are, where they end, and anywhere.
    mutating func address() -> UInt64 {
      switch next(below: 8) {
      case 0: next()
      case 1: (1 << 20) - next(below: 64)
      case 2: .max - next(below: 64)
      case 3: next(below: 1 << 21)
      default: Rig.place(of: next(below: 5)) + next(below: 0x60) * 0x100
      }
    }
  }

  private static let widths = [1, 2, 4, 8]
  private static let bases = [Rig.networkBase, Rig.entropyBase]

  @Test(arguments: 0..<64 as Range<UInt64>)
  func itsDevicesOutliveAnyGuest(seed: UInt64) throws {
    var chance = Chance(state: seed)
    let rig = try Rig(pairs: seed % 2 == 0 ? 1 : 2)
    for _ in 0..<2_000 { Self.step(rig, &chance) }
    try Self.expectService(of: rig)
  }

  private static func step(_ rig: Rig, _ chance: inout Chance) {
    let base = chance.pick(bases)
    switch chance.next(below: 10) {
    case 0: _ = rig.read(base + chance.next(below: 0x8000), chance.pick(widths))
    case 1: rig.write(base + chance.next(below: 0x8000), chance.pick(widths), chance.next())
    case 2:
      // The common configuration, where the decisions are.
      rig.write(base + chance.next(below: 56), chance.pick(widths), chance.next(below: 32))
    case 3:
      rig.write(
        base + 0x3000 + 4 * chance.next(below: 8), chance.pick(widths), chance.next(below: 8))
    case 4: rig.negotiate(VirtioFeatures(rawValue: chance.next() | 1 << 32), at: base)
    case 5: setUp(rig, base, &chance)
    case 6: rig.start(at: base)
    case 7: scribble(rig, &chance)
    case 8: configure(rig, &chance)
    default: ask(rig, base, &chance)
    }
  }

  private static func setUp(_ rig: Rig, _ base: UInt64, _ chance: inout Chance) {
    let queue = chance.next(below: 6)
    if chance.next() & 1 == 0 {
      rig.setUpQueue(queue, size: chance.pick([1, 3, 8, 64, 256]), at: base)
    } else {
      rig.write(base + 22, 2, queue)
      for register in [32, 36, 40, 44, 48, 52] as [UInt64] {
        rig.write(base + register, 4, chance.address() >> (register % 8 * 8))
      }
      rig.write(base + 28, 2, 1)
    }
  }

  /// Descriptors, rings and commands of nobody's making.
  private static func scribble(_ rig: Rig, _ chance: inout Chance) {
    for _ in 0..<16 {
      let place = Rig.place(of: chance.next(below: 5))
      let descriptor = place + 16 * chance.next(below: 9)
      rig.store(chance.address(), at: descriptor)
      rig.store(
        UInt32(truncatingIfNeeded: chance.next() >> chance.next(below: 60)), at: descriptor + 8)
      rig.store(UInt16(chance.next(below: 8)), at: descriptor + 12)
      rig.store(UInt16(chance.next(below: 10)), at: descriptor + 14)
      rig.store(UInt16(chance.next(below: 10)), at: place + 0x1004 + 2 * chance.next(below: 8))
      rig.store(
        UInt16(truncatingIfNeeded: chance.next()), at: place + 0x1000 + 2 * chance.next(below: 2))
    }
  }

  /// Configuration space and the ports that lead to it. The devices stay where the test finds them.
  private static func configure(_ rig: Rig, _ chance: inout Chance) {
    let device = Int(chance.next(below: 4))
    let offset = Int(chance.next(below: 256))
    _ = rig.configuration(device, offset, byteCount: chance.pick([1, 2, 4]))
    _ = rig.port(chance.pick([0x3F8, 0x3FD, 0x64, 0xCF8, 0xCFB, 0x80]), chance.pick([1, 2, 4]), 0)
    let places = offset..<(offset + 4)
    guard !places.overlaps(0x04..<0x06), !places.overlaps(0x10..<0x28) else { return }
    rig.setConfiguration(device, offset, chance.next(), byteCount: chance.pick([1, 2, 4]))
  }

  /// A request in order, or nearly: commands of the control queue, and longer ones of nothing.
  private static func ask(_ rig: Rig, _ base: UInt64, _ chance: inout Chance) {
    let command = [4, UInt8(chance.next(below: 3))]
    let rest = (0..<chance.next(below: 400)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
    rig.request(
      command + rest, room: UInt32(chance.next(below: 600)), queue: chance.next(below: 5),
      position: UInt16(truncatingIfNeeded: chance.next()), at: base)
  }

  /// A driver that comes after all this and resets the devices is served as the first one was.
  private static func expectService(of rig: Rig) throws {
    #expect(rig.board.end == nil)
    let features = VirtioFeatures.version1 | .networkControl
    #expect(rig.negotiate(features) == 11)
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.start()
    #expect(rig.read(rig.networkStatus, 1) == 15)
    #expect(rig.backEnd.activation?.queues.count == 2)

    #expect(rig.negotiate(.version1, at: Rig.entropyBase) == 11)
    for offset in 0..<0x5000 / 8 as Range<UInt64> {
      rig.store(UInt64(0), at: Rig.place(of: 0) + 8 * offset)
    }
    rig.setUpQueue(0, at: Rig.entropyBase)
    rig.start(at: Rig.entropyBase)
    rig.request([], room: 32, queue: 0, at: Rig.entropyBase)
    #expect(rig.answer(32, queue: 0) != [UInt8](repeating: 0, count: 32))
  }
}

extension Rig {
  fileprivate var networkStatus: UInt64 { Self.networkBase + 20 }
}
