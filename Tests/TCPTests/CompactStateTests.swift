import Packets
import TestSupport
import Testing
import Wire

@testable import TCP

/// What a connection costs while nothing happens, and how a million of them are found.
@Suite struct CompactStateTests {
  typealias Stored = Connection<SelectedControl>

  @Test func aConnectionFillsEightLinesAndSharesNone() throws {
    #expect(MemoryLayout<Stored>.stride == 512)
    let memory = TestMemory(byteCount: 4096)
    var arena = memory.arena
    guard var table = arena.carve(capacity: 2, of: Stored.self) else { throw Unexpected() }
    _ = table.append(Stored(generation: 1, configuration: Configuration()))
    #expect(table.address(of: 0).rawValue % 64 == 0)
    #expect(MemoryLayout<Connection<Cubic>>.stride <= 512)
    #expect(MemoryLayout<Connection<NewReno>>.stride <= 512)
  }

  /// What a usual segment and its answer compare or change: first and last byte.
  static func usual() throws -> [ClosedRange<Int>] {
    let whole: [(PartialKeyPath<Stored>, Int)] = [
      (\.flow, MemoryLayout<Flow>.size), (\.state, 1), (\.flowGroup, 2),
      (\.flags, MemoryLayout<ConnectionFlags>.size), (\.generation, 4),
      (\.receive, MemoryLayout<ReceiveVariables>.size), (\.cookie, 8),
      (\.send, MemoryLayout<SendVariables>.size), (\.timers, MemoryLayout<ConnectionTimers>.size),
      (\.scoreboard, MemoryLayout<Scoreboard>.size), (\.sendQueue, MemoryLayout<SendQueue>.size),
      (\.delivery, MemoryLayout<BufferList>.size),
      (\.timestamps, MemoryLayout<TimestampVariables>.size),
      (\.release, MemoryLayout<ReleaseVariables>.size),
      (\.retransmission, MemoryLayout<RetransmissionTimer>.size),
      // The window, whatever the algorithm; which one it is says the last byte.
      (\.control, 4), (\.reassembly.head, 4), (\.detection.minimumRoundTrip, 4),
    ]
    let fields = try whole.map { path, byteCount in
      let offset = try #require(MemoryLayout<Stored>.offset(of: path))
      return offset...(offset + byteCount - 1)
    }
    let control = try #require(MemoryLayout<Stored>.offset(of: \.control))
    let last = control + MemoryLayout<SelectedControl>.size - 1
    return fields + [last...last]
  }

  @Test func whatAUsualSegmentNeedsLiesInFiveLines() throws {
    let lines = try Set(Self.usual().flatMap { $0.lowerBound / 64...$0.upperBound / 64 })
    #expect(lines.count <= 5)
  }

  /// A look-up compares the flow; then the flags decide whether the segment is a usual one.
  @Test func theFirstLineTellsWhetherASegmentIsUsual() {
    let flow = MemoryLayout<Stored>.offset(of: \.flow)
    let flags = MemoryLayout<Stored>.offset(of: \.flags) ?? .max
    let next = MemoryLayout<Stored>.offset(of: \.receive.next) ?? .max
    #expect(flow == 0 && flags + 8 <= 64 && next + 4 <= 64)
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
