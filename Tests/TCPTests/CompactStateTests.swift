import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// What a connection costs while nothing happens, and how a million of them are found.
@Suite struct CompactStateTests {
  @Test func anIdleConnectionTakesAtMost512Bytes() {
    #expect(MemoryLayout<Connection<Cubic>>.stride <= 512)
    #expect(MemoryLayout<Connection<NewReno>>.stride <= 512)
  }

  /// The fields that every segment compares or changes lie in front, in the order of their use.
  @Test func whatEverySegmentNeedsComesFirst() {
    let flow = MemoryLayout<Connection<Cubic>>.offset(of: \.flow)
    let flags = MemoryLayout<Connection<Cubic>>.offset(of: \.flags)
    let receive = MemoryLayout<Connection<Cubic>>.offset(of: \.receive)
    let send = MemoryLayout<Connection<Cubic>>.offset(of: \.send)
    #expect(flow == 0 && (flags ?? .max) < 64 && (receive ?? .max) < 64 && (send ?? .max) < 128)
    let next = MemoryLayout<ReceiveVariables>.offset(of: \.next)
    let unacknowledged = MemoryLayout<SendVariables>.offset(of: \.unacknowledged)
    #expect(next == 0 && unacknowledged == 0)
  }

  /// Peers of one network with consecutive ports, one peer with every port, and addresses that
  /// differ in their high bits alone.
  static let patterns: [@Sendable (Int) -> Flow] = [
    { flow(address: 0x0A00_0000 | UInt32($0 >> 4), port: UInt16(1024 + $0 & 15)) },
    { flow(address: 0x0A00_0001 | UInt32($0 >> 16) << 8, port: UInt16($0 & 0xFFFF)) },
    { flow(address: UInt32($0 & 0xFFF) << 20, port: UInt16($0 >> 12) << 4) },
  ]

  private static func flow(address: UInt32, port: UInt16) -> Flow {
    Flow(
      localAddress: IPv4Address(10, 0, 0, 2), remoteAddress: IPv4Address(address), localPort: 7,
      remotePort: port)
  }

  /// Places that a look-up looks at, on average and at most.
  private func probes(
    _ count: Int, capacity: Int, _ pattern: (Int) -> Flow
  ) throws -> (mean: Double, most: Int) {
    let memory = TestMemory(byteCount: capacity * 32 + 8192)
    var arena = memory.arena
    guard var table = ConnectionTable(capacity: capacity, key: (0x1234_5678, 77), arena: &arena)
    else { throw Unexpected() }
    for number in 0..<count { table.insert(UInt32(number), flow: pattern(number)) }
    let sample = stride(from: 0, to: count, by: max(count / 1000, 1))
    let counts = sample.map { table.probeCount(of: pattern($0)) }
    return (Double(counts.reduce(0, +)) / Double(counts.count), counts.max() ?? 0)
  }

  @Test(arguments: patterns.indices)
  func lookUpsAreFlatFromAThousandConnectionsToAMillion(_ number: Int) throws {
    let few = try probes(1000, capacity: 1000, Self.patterns[number])
    let many = try probes(1_000_000, capacity: 1_000_000, Self.patterns[number])
    // Linear probing at half load: 1.5 places on average (Knuth, volume 3, section 6.4).
    #expect(few.mean < 2 && many.mean < 2 && many.most < 64)
  }
}
