import Drivers
import Wire

@testable import VMM

/// What a hostile guest decides by: a seeded generator, or a fuzzer's input.
protocol Choices {
  mutating func next() -> UInt64
  /// A number less than `limit`, which is not 0.
  mutating func next(below limit: UInt64) -> UInt64
}

extension Choices {
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

/// A guest that does anything it can to its devices, in any order.
enum HostileGuest {
  private static let widths = [1, 2, 4, 8]
  private static let bases = [Rig.networkBase, Rig.entropyBase]

  /// One thing of those a guest can do.
  static func step(_ rig: Rig, _ choices: inout some Choices) {
    let base = choices.pick(bases)
    switch choices.next(below: 10) {
    case 0: _ = rig.read(base + choices.next(below: 0x8000), choices.pick(widths))
    case 1: rig.write(base + choices.next(below: 0x8000), choices.pick(widths), choices.next())
    case 2:
      // The common configuration, where the decisions are.
      rig.write(base + choices.next(below: 56), choices.pick(widths), choices.next(below: 32))
    case 3:
      rig.write(
        base + 0x3000 + 4 * choices.next(below: 8), choices.pick(widths), choices.next(below: 8))
    case 4:
      // What is offered, mostly: with anything else nothing starts.
      let limit = choices.next(below: 4) == 0 ? .max : rig.offered(at: base).rawValue
      rig.negotiate(VirtioFeatures(rawValue: choices.next() & limit | 1 << 32), at: base)
    case 5: setUp(rig, base, &choices)
    case 6: rig.start(at: base)
    case 7: scribble(rig, &choices)
    case 8: configure(rig, &choices)
    default: ask(rig, base, &choices)
    }
  }

  private static func setUp(_ rig: Rig, _ base: UInt64, _ choices: inout some Choices) {
    let queue = choices.next(below: 6)
    if choices.next() & 1 == 0 {
      rig.setUpQueue(queue, size: choices.pick([1, 3, 8, 64, 256]), at: base)
    } else {
      rig.write(base + 22, 2, queue)
      for register in [32, 36, 40, 44, 48, 52] as [UInt64] {
        rig.write(base + register, 4, choices.address() >> (register % 8 * 8))
      }
      rig.write(base + 28, 2, 1)
    }
  }

  /// Descriptors, rings and commands of nobody's making.
  private static func scribble(_ rig: Rig, _ choices: inout some Choices) {
    for _ in 0...choices.next(below: 16) {
      let place = Rig.place(of: choices.next(below: 5))
      let descriptor = place + 16 * choices.next(below: 9)
      rig.store(choices.address(), at: descriptor)
      rig.store(
        UInt32(truncatingIfNeeded: choices.next() >> choices.next(below: 60)), at: descriptor + 8)
      rig.store(UInt16(choices.next(below: 8)), at: descriptor + 12)
      rig.store(UInt16(choices.next(below: 10)), at: descriptor + 14)
      rig.store(UInt16(choices.next(below: 10)), at: place + 0x1004 + 2 * choices.next(below: 8))
      rig.store(
        UInt16(truncatingIfNeeded: choices.next()), at: place + 0x1000 + 2 * choices.next(below: 2))
    }
  }

  /// Configuration space and the ports that lead to it. The devices stay where the test finds them.
  private static func configure(_ rig: Rig, _ choices: inout some Choices) {
    let device = Int(choices.next(below: 4))
    let offset = Int(choices.next(below: 256))
    _ = rig.configuration(device, offset, byteCount: choices.pick([1, 2, 4]))
    _ = rig.port(
      choices.pick([0x3F8, 0x3FD, 0x64, 0xCF8, 0xCFB, 0x80]), choices.pick([1, 2, 4]), 0)
    let places = offset..<(offset + 4)
    guard !places.overlaps(0x04..<0x06), !places.overlaps(0x10..<0x28) else { return }
    rig.setConfiguration(device, offset, choices.next(), byteCount: choices.pick([1, 2, 4]))
  }

  /// A request in order, or nearly: commands of the control queue, and longer ones of nothing.
  private static func ask(_ rig: Rig, _ base: UInt64, _ choices: inout some Choices) {
    let command = [4, UInt8(choices.next(below: 3))]
    let rest = (0..<choices.next(below: 400)).map { _ in UInt8(truncatingIfNeeded: choices.next()) }
    rig.request(
      command + rest, room: UInt32(choices.next(below: 600)), queue: choices.next(below: 5),
      position: UInt16(truncatingIfNeeded: choices.next()), at: base)
  }

  /// A driver that comes after all this and resets the devices is served as the first one was.
  /// Returns what is wrong otherwise.
  static func complaint(about rig: Rig) -> String? {
    guard rig.board.end == nil else { return "the board has ended" }
    let features = VirtioFeatures.version1 | .networkControl
    guard rig.negotiate(features) == 11 else { return "the card does not negotiate" }
    rig.setUpQueue(0)
    rig.setUpQueue(1)
    rig.start()
    guard rig.read(Rig.networkBase + 20, 1) == 15 else { return "the card does not start" }

    guard rig.negotiate(.version1, at: Rig.entropyBase) == 11 else {
      return "the source of random numbers does not negotiate"
    }
    guard rig.memory.write(ArraySlice(repeating: 0, count: 0x5000), at: Rig.place(of: 0)) else {
      return "the guest's memory is gone"
    }
    rig.setUpQueue(0, at: Rig.entropyBase)
    rig.start(at: Rig.entropyBase)
    rig.request([], room: 32, queue: 0, at: Rig.entropyBase)
    let isFilled = rig.answer(32, queue: 0) != [UInt8](repeating: 0, count: 32)
    return isFilled ? nil : "a request for random numbers is not answered"
  }
}
