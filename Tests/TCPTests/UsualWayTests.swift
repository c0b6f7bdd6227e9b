import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// The short way of usual segments decides as the general one does: the same conversation twice, on
/// wires that behave alike, once with connections that never are usual.
@Suite struct UsualWayTests {
  static let conditions = [
    WireConditions(name: "clean", isDeviceSlow: false),
    WireConditions(name: "slow device"),
    WireConditions(name: "loss", loss: 0.02),
    WireConditions(name: "everything", loss: 0.05, duplication: 0.1, reordering: 0.2),
  ]

  @Test(arguments: conditions, 1...4 as ClosedRange<UInt64>)
  func theShortWayDecidesAsTheGeneralOne(_ conditions: WireConditions, seed: UInt64) throws {
    var usual = try Conversation(conditions, seed: seed, isUsual: true)
    var general = try Conversation(conditions, seed: seed, isUsual: false)
    for turn in 0..<20_000 {
      usual.step()
      general.step()
      try #require(usual.log == general.log, "turn \(turn)")
      usual.log = []
      general.log = []
    }
    #expect(usual.answerCount == general.answerCount && usual.answerCount > 100)
    #expect(usual.usualCount > usual.answerCount / 2 && general.usualCount == 0)
  }

  static let wrong: [@Sendable (inout TestSegment) -> Void] = [
    { $0.sequence &+= 1 }, { $0.sequence &-= 1 }, { $0.acknowledgment &+= 1 },
    { $0.acknowledgment &-= 1 }, { $0.payload = [] }, { $0.flags = $0.flags | .fin },
    { $0.flow.remotePort &+= 1 },
  ]

  @Test(arguments: wrong.indices)
  func nothingOutOfPlaceTakesTheShortWay(_ number: Int) throws {
    var script = Script()
    try script.establish()
    var segment = script.segment(.ack, [1, 2, 3])
    Self.wrong[number](&segment)
    let before = script.host.usualCount
    script.host.receive(segment)
    #expect(script.host.usualCount == before)
  }

  @Test func whatIsExpectedDoes() throws {
    var script = Script()
    try script.establish()
    let before = script.host.usualCount
    script.host.receive(script.segment(.ack, [1, 2, 3]))
    #expect(script.host.usualCount == before + 1)
    let bytes = script.readAll()
    #expect(bytes == [1, 2, 3])
  }
}

extension ConnectionFlags {
  /// A bit without a meaning: what is not known to be harmless is unusual.
  fileprivate static var meaningless: Self { Self(rawValue: 1 << 62) }
}

/// A client that sends messages of many lengths, and a server that sends them back.
private struct Conversation {
  let hosts: [Host]
  let wire: SimulatedWire
  let isUsual: Bool
  private var handles: [Handle?] = [nil, nil]
  private var random: SeededGenerator
  private var awaitedByteCount = 0
  private let message: UnsafeMutableRawBufferPointer
  private(set) var answerCount = 0
  /// What the applications saw, and how much was carried.
  var log: [String] = []

  init(_ conditions: WireConditions, seed: UInt64, isUsual: Bool) throws {
    hosts = [Host(secret: seed), Host(secret: seed &+ 50)]
    wire = SimulatedWire(hosts[0], hosts[1], conditions, seed: seed)
    random = SeededGenerator(state: seed)
    message = .allocate(byteCount: 8192, alignment: 16)
    message.initializeMemory(as: UInt8.self, repeating: 7)
    self.isUsual = isUsual
    for host in hosts { host.deliversAtOnce = isUsual }
    _ = hosts[1].endpoint.listen(port: 7)
    let outcome = hosts[0].endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 7, cookie: 1,
      now: hosts[0].now)
    guard case .connecting = outcome else { throw Unexpected() }
  }

  var usualCount: Int { hosts.reduce(0) { $0 + $1.usualCount } }

  mutating func step() {
    if !isUsual {
      for host in hosts where host.endpoint.openConnectionCount > 0 {
        host.endpoint.connections[0].flags.insert(.meaningless)
      }
    }
    var this = self
    wire.step { index, host, events in
      for event in events { this.handle(event, at: index, host) }
    }
    self = this
    log.append("carried \(wire.carriedCount)")
  }

  private mutating func handle(_ event: Event, at index: Int, _ host: Host) {
    log.append("\(index) \(event)")
    switch event {
    case .knock(let handle, _):
      _ = host.endpoint.accept(handle, cookie: 2)
      handles[index] = handle
    case .connected(let handle, _, _):
      handles[index] = handle
      ask()
    case .received(let handle, _, let buffer, let offset, let byteCount):
      answer(handle, at: index, host, buffer, offset, byteCount)
    case .sent, .peerClosed, .dead: break
    }
  }

  private mutating func answer(
    _ handle: Handle, at index: Int, _ host: Host, _ buffer: UInt32, _ offset: Int, _ byteCount: Int
  ) {
    if index == 1 {
      let fragment = Fragment(
        address: host.pool.address(of: buffer) + offset, byteCount: byteCount)
      log.append("\(host.endpoint.send(handle, fragment, pool: &host.pool))")
    }
    _ = host.endpoint.receiveDone(handle, buffer: buffer, byteCount: byteCount, pool: &host.pool)
    guard index == 0 else { return }
    awaitedByteCount -= byteCount
    if awaitedByteCount == 0 {
      answerCount += 1
      ask()
    }
  }

  private mutating func ask() {
    guard let handle = handles[0] else { return }
    awaitedByteCount = Int.random(in: 1...20, using: &random) == 1 ? 6000 : 64
    let address = KernelAddress(of: message.baseAddress!)
    let outcome = hosts[0].endpoint.send(
      handle, Fragment(address: address, byteCount: awaitedByteCount), pool: &hosts[0].pool)
    log.append("\(outcome)")
  }
}
