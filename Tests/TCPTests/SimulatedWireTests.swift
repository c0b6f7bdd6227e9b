import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// Two endpoints against each other: byte-exact, and nothing left behind.
@Suite struct SimulatedWireTests {
  static let conditions = [
    WireConditions(name: "clean"),
    WireConditions(name: "1 % loss", loss: 0.01),
    WireConditions(name: "10 % loss", loss: 0.1),
    WireConditions(name: "30 % loss", loss: 0.3),
    WireConditions(name: "reordering", reordering: 0.3),
    WireConditions(name: "duplication", duplication: 0.3),
    WireConditions(name: "corruption", corruption: 0.1),
    WireConditions(name: "long path", loss: 0.01, delay: .milliseconds(20)),
    WireConditions(name: "100 Mbit/s, short queue", rate: 100_000_000, queueByteCount: 20_000),
    WireConditions(
      name: "marking queue", rate: 1_000_000_000, queueByteCount: 100_000,
      markingByteCount: 15_000),
    WireConditions(
      name: "everything", loss: 0.05, duplication: 0.1, reordering: 0.2, corruption: 0.01,
      rate: 500_000_000, queueByteCount: 64_000, markingByteCount: 20_000),
  ]

  static func stream(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(state: seed)
    return (0..<count).map { _ in UInt8.random(in: 0..<255, using: &random) }
  }

  @Test(arguments: conditions, [1, 16_000, 100_000] as [Int])
  func bothDirectionsArriveWhole(_ conditions: WireConditions, byteCount: Int) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      var configuration = Configuration()
      // Each seed with another congestion control, and other answers to marks.
      configuration.congestionChoice = CongestionChoice(rawValue: UInt8(seed) % 3) ?? .cubic
      configuration.ecn = seed == 1 ? .accepts : .requests
      configuration.coalescesSmallSegments = seed == 3
      try transfer(
        conditions, byteCount: byteCount, seed: seed, offloads: seed == 2,
        configuration: configuration)
    }
  }

  @Test func aSlowReaderClosesTheWindowAndOpensItAgain() throws {
    var configuration = Configuration()
    configuration.receiveWindow = 8_000
    configuration.receiveWindowLimit = 8_000
    configuration.bufferLimit = 8
    try transfer(
      WireConditions(name: "slow"), byteCount: 200_000, seed: 4, offloads: false,
      configuration: configuration, readsSlowly: true)
  }

  private func transfer(
    _ conditions: WireConditions, byteCount: Int, seed: UInt64, offloads: Bool,
    configuration: Configuration = Configuration(), readsSlowly: Bool = false
  ) throws {
    // Close to the wrap of sequence numbers in some runs: the clock is part of the ISN.
    let a = Host(configuration, secret: seed)
    let b = Host(configuration, secret: seed &+ 100)
    a.device.offloads.segmentation = offloads
    let client = StreamApplication(a, sending: Self.stream(byteCount, seed: seed))
    let server = StreamApplication(b, sending: Self.stream(byteCount * 2, seed: seed &+ 7))
    server.readsSlowly = readsSlowly
    client.readsSlowly = readsSlowly
    _ = b.endpoint.listen(port: 7)
    let outcome = a.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 7, cookie: 1, now: a.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    client.handle = handle
    let wire = SimulatedWire(a, b, conditions, seed: seed)
    var steps = 0
    while client.reason == nil || server.reason == nil {
      wire.step { index, _, events in (index == 0 ? client : server).handle(events) }
      steps += 1
      guard steps < 3_000_000 else {
        Issue.record("stuck after \(client.received.count) and \(server.received.count) bytes")
        return
      }
    }
    #expect(client.reason == .closed && server.reason == .closed, "seed \(seed)")
    #expect(client.received == server.outgoing && server.received == client.outgoing)
    // TIME-WAIT and the last buffers.
    for _ in 0..<100 {
      wire.step { index, _, events in (index == 0 ? client : server).handle(events) }
    }
    for host in [a, b] {
      host.advance(by: .seconds(200))
      _ = host.output()
      _ = host.events()
      #expect(host.isClean)
    }
  }
}
