import Foundation
import Packets
import Testing
import Wire

@testable import TCP

/// One bulk transfer for each condition and size: byte-exact, its goodput beside what the wire and
/// CUBIC's response function allow, as one table.
@Suite struct GoodputTests {
  struct Case {
    var conditions: WireConditions
    var byteCount: Int
    var choice = CongestionChoice.cubic
  }

  static var cases: [Case] {
    var cases: [Case] = []
    for loss in [0, 0.001, 0.05] {
      cases.append(Case(conditions: wire("loss \(loss * 100) %", loss: loss), byteCount: 1_000_000))
    }
    for byteCount in [16_000, 100_000, 1_000_000, 4_000_000] {
      cases.append(Case(conditions: wire("loss 1 %", loss: 0.01), byteCount: byteCount))
    }
    for reordering in [0.01, 0.05] {
      var late = wire("reordering \(reordering * 100) %")
      late.reordering = reordering
      cases.append(Case(conditions: late, byteCount: 1_000_000))
      cases.append(Case(conditions: late, byteCount: 8_000_000))
    }
    var other = wire("loss 1 %, NewReno", loss: 0.01)
    cases.append(Case(conditions: other, byteCount: 1_000_000, choice: .newReno))
    other = wire("duplication 5 %")
    other.duplication = 0.05
    cases.append(Case(conditions: other, byteCount: 1_000_000))
    other = wire("corruption 1 %")
    other.corruption = 0.01
    cases.append(Case(conditions: other, byteCount: 1_000_000))
    for delay in [5, 500, 25_000] as [UInt64] {
      other = wire("clean")
      other.delay = .microseconds(delay)
      cases.append(Case(conditions: other, byteCount: 1_000_000))
    }
    return cases + queues
  }

  /// A link of 1 Gbit/s behind queues that drop, and ones that mark early.
  static var queues: [Case] {
    var dropping = wire("1 Gbit/s, 64 KiB")
    dropping.rate = 1_000_000_000
    dropping.queueByteCount = 64 << 10
    var marking = wire("1 Gbit/s, marks at 30 kB")
    marking.rate = 1_000_000_000
    marking.markingByteCount = 30_000
    return ([.newReno, .cubic, .dctcp] as [CongestionChoice]).flatMap { choice in
      [dropping, marking].map { Case(conditions: $0, byteCount: 4_000_000, choice: choice) }
    }
  }

  static func wire(_ name: String, loss: Double = 0) -> WireConditions {
    var conditions = WireConditions(name: name, loss: loss)
    conditions.isDeviceSlow = false
    return conditions
  }

  @Test func theMatrixArrivesWholeAndFast() throws {
    var table =
      "wire                     control  RTT us     bytes   goodput    theory   share   queue\n"
    for item in Self.cases {
      var elapsed = 0.0
      var queue = 0
      for seed in 1...3 as ClosedRange<UInt64> {
        let outcome = try Self.run(item, seed: seed)
        elapsed += outcome.seconds
        queue = max(queue, outcome.longestQueue)
      }
      let goodput = Double(item.byteCount) * 3 / elapsed
      let theory = Self.theory(item)
      let share = goodput / theory
      table += String(
        format: "%@ %@ %6.0f %9d %7.1f M %7.1f M %6.0f %% %7d\n",
        item.conditions.name.padding(toLength: 24, withPad: " ", startingAt: 0),
        "\(item.choice)".padding(toLength: 8, withPad: " ", startingAt: 0),
        Self.roundTrip(item.conditions) * 1e6, item.byteCount, goodput * 8 / 1e6,
        theory * 8 / 1e6, share * 100, queue)
      check(item, share: share, queue: queue)
    }
    print(table)
  }

  private func check(_ item: Case, share: Double, queue: Int) {
    let name = "\(item.conditions.name), \(item.choice), \(item.byteCount)"
    if item.conditions.loss == 0.01, item.byteCount >= 1_000_000, item.choice == .cubic {
      #expect(share >= 0.8, "\(name)")
    }
    guard item.conditions.rate != nil else { return }
    #expect(share >= 0.9, "\(name)")
    if item.conditions.markingByteCount != nil { #expect(queue < 130_000, "\(name)") }
  }

  /// Seconds: the way there and back, and a step of the virtual clock at each end.
  static func roundTrip(_ conditions: WireConditions) -> Double {
    2 * (Double(conditions.delay.microseconds) + 10) / 1e6
  }

  /// Bytes per second: the least of the link, the receive window in each round trip (as large as the
  /// test's packet buffers let it become), and the
  /// response function of the Reno-friendly region (RFC 9438, section 5.1: sqrt(3 / (2 p))); for
  /// short transfers, the round trips of slow start come on top. A window is acknowledged when all
  /// of it has arrived: where segments come late, its round trip is that of the latest.
  static func theory(_ item: Case) -> Double {
    let segment = 1448.0
    let roundTrip = roundTrip(item.conditions)
    var rate = 524_288 / (roundTrip + Self.lateness(of: 524_288, item.conditions))
    let loss = item.conditions.loss + item.conditions.corruption
    if loss > 0 { rate = min(rate, segment * (1.5 / loss).squareRoot() / roundTrip) }
    if let link = item.conditions.rate {
      rate = min(rate, Double(link) / 8 * segment / (segment + 90))
    }
    var window = 10 * segment
    var sent = 0.0
    var time = 0.0
    while sent + window < Double(item.byteCount), window < rate * roundTrip {
      sent += window
      time += roundTrip + Self.lateness(of: window, item.conditions)
      window *= 2
    }
    return Double(item.byteCount) / (time + (Double(item.byteCount) - sent) / rate)
  }

  /// Seconds by which the latest of a window's segments is late: the greatest of n numbers between 0
  /// and the most is n / (n + 1) of that on average.
  private static func lateness(of window: Double, _ conditions: WireConditions) -> Double {
    let count = window / 1448 * conditions.reordering
    return Double(WireConditions.longestDetour.microseconds) / 1e6 * count / (count + 1)
  }

  /// What a transfer took, and what it did to the wire.
  struct Outcome {
    /// From the first segment of data to the last.
    var seconds: Double
    var retransmitted: UInt64
    /// Of the window, for congestion marks.
    var reductions: UInt64
    var longestQueue: Int
  }

  static func transfer(_ item: Case, seed: UInt64, bufferCount: Int = 1024) throws -> Double {
    try run(item, seed: seed, bufferCount: bufferCount).seconds
  }

  static func run(
    _ item: Case, seed: UInt64, configuration: Configuration = Configuration(),
    bufferCount: Int = 1024
  ) throws -> Outcome {
    var configuration = configuration
    if item.choice != .cubic { configuration.congestionChoice = item.choice }
    if item.conditions.markingByteCount != nil { configuration.ecn = .requests }
    let a = Host(configuration, bufferCount: bufferCount, secret: seed)
    let b = Host(configuration, bufferCount: bufferCount, secret: seed &+ 100)
    let stream = SimulatedWireTests.stream(item.byteCount, seed: seed)
    let client = StreamApplication(a, sending: stream)
    let server = StreamApplication(b, sending: [])
    _ = b.endpoint.listen(port: 7)
    let outcome = a.endpoint.connect(
      localAddress: Script.here, remoteAddress: Script.peer, remotePort: 7, cookie: 1, now: a.now)
    guard case .connecting(let handle) = outcome else { throw Unexpected() }
    client.handle = handle
    let wire = SimulatedWire(a, b, item.conditions, seed: seed)
    var start = wire.now
    var steps = 0
    while server.received.count < item.byteCount, steps < 2_000_000 {
      wire.step { index, _, events in (index == 0 ? client : server).handle(events) }
      steps += 1
      if server.received.isEmpty { start = wire.now }
    }
    #expect(server.received == stream)
    let counters = a.endpoint.counters
    return Outcome(
      seconds: Double(wire.now.since(start).nanoseconds) / 1e9,
      retransmitted: counters.retransmittedSegments, reductions: counters.congestionReductions,
      longestQueue: wire.longestQueue)
  }
}
