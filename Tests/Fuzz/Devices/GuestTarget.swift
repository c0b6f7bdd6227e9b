/// A hostile guest at the monitor's virtio devices: registers, configuration space, queues and frames, in
/// any order. Whatever it does, the next driver is served, and no descriptor of ours is lost.
enum GuestTarget {
  private static let descriptors = OpenDescriptors()

  static func run(_ input: UnsafeRawBufferPointer) {
    do { try live(InputChoices(input)) } catch { fatalError("\(error)") }
    descriptors.requireNoMore()
  }

  private static func live(_ choices: consuming InputChoices) throws {
    let pairs = choices.next() & 1 == 0 ? 1 : 2
    let backEnd = try MovingBackEnd(pairs: pairs)
    let rig = try Rig(pairs: pairs, connectedTo: backEnd)
    while !choices.isEmpty {
      HostileGuest.step(rig, &choices)
      if choices.next(below: 2) == 0 { backEnd.move(choices.frame()) }
    }
    if let complaint = HostileGuest.complaint(about: rig) { fatalError(complaint) }
    backEnd.stop()
  }
}

/// A fuzzer's input as decisions: as few bytes for each as it needs.
struct InputChoices: Choices {
  private var reader: InputReader

  init(_ input: UnsafeRawBufferPointer) { reader = InputReader(input) }

  var isEmpty: Bool { reader.isEmpty }

  mutating func next() -> UInt64 {
    UInt64(reader.doubleWord()) << 32 | UInt64(reader.doubleWord())
  }

  mutating func next(below limit: UInt64) -> UInt64 {
    switch limit {
    case ...0x100: UInt64(reader.byte()) % limit
    case ...0x1_0000: UInt64(reader.word()) % limit
    default: next() % limit
    }
  }

  /// Something that came from the network: a virtio header and up to 255 bytes.
  mutating func frame() -> [UInt8] {
    [UInt8](repeating: 0, count: 12) + reader.take(Int(reader.byte()))
  }
}
