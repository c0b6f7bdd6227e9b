import IXABI
import Testing

@testable import ControlPlane

@Suite struct MetricsTests {
  @Test(arguments: [
    ("queueDepth", "queue_depth"), ("tcpSentCookies", "tcp_sent_cookies"),
    ("tcpUnexpectedSYN", "tcp_unexpected_syn"), ("ipv4SourceRoute", "ipv4_source_route"),
    ("frames", "frames"),
  ])
  func namesAreMadeOfCases(from name: String, to snake: String) {
    #expect(snakeCase(name) == snake)
  }

  @Test func noNameIsUsedTwice() {
    #expect(Set(Names.counters).count == Names.counters.count)
    #expect(Set(Names.gauges).count == Names.gauges.count)
    let drops = Names.drops.compactMap { $0 }
    #expect(Set(drops).count == drops.count)
    #expect(Names.drops.count == ControlDrop.base + ControlDrop.count)
  }

  @Test func countersEndInTotalAndTimesAreSeconds() {
    var text = PrometheusText()
    let core = CoreSnapshot(
      counters: [.frames: 7, .busyNanoseconds: 1_500_000_000],
      gauges: [.queueDepth: 640, .queueingDelayNanoseconds: 2000])
    text.add("k\"v", [core])
    let lines = text.text.split(separator: "\n")
    for expected in [
      "# TYPE ix_frames_total counter",
      "ix_frames_total{dataplane=\"k\\\"v\",core=\"0\"} 7",
      "ix_busy_seconds_total{dataplane=\"k\\\"v\",core=\"0\"} 1.5",
      "ix_queue_depth_frames{dataplane=\"k\\\"v\",core=\"0\"} 2.5",
      "ix_queueing_delay_seconds{dataplane=\"k\\\"v\",core=\"0\"} 2e-06",
      "ix_batch_frames_count{dataplane=\"k\\\"v\",core=\"0\"} 0",
      "ix_up{dataplane=\"k\\\"v\"} 1",
    ] { #expect(lines.contains { $0 == expected }, "\(expected)") }
  }

  /// All samples of a metric stand together, under one line that says what it is.
  @Test func metricsOfSeveralCoresAreGrouped() {
    var text = PrometheusText()
    let cores = (0..<3).map { CoreSnapshot(index: $0, counters: [:], gauges: [:]) }
    text.add("a", cores)
    text.add("b", cores)
    text.add("c", [])
    let lines = text.text.split(separator: "\n")
    let types = lines.filter { $0.hasPrefix("# TYPE") }
    #expect(Set(types).count == types.count)
    let first = lines.firstIndex { $0.hasPrefix("ix_frames_total{") } ?? 0
    #expect(lines[first..<(first + 6)].allSatisfy { $0.hasPrefix("ix_frames_total{") })
    #expect(lines.contains("ix_up{dataplane=\"c\"} 0"))
  }

  @Test func ratesAreByTheGuestsClock() {
    var from = CoreSnapshot(counters: [.frames: 100, .busyNanoseconds: 0], gauges: [:])
    var to = CoreSnapshot(
      counters: [
        .frames: 300, .batches: 50, .busyNanoseconds: 500_000_000,
        .idleNanoseconds: 1_500_000_000,
      ], gauges: [:])
    from.heartbeat = 1_000_000_000
    to.heartbeat = 3_000_000_000
    let rates = to.rates(since: from)
    #expect(rates.framesPerSecond == 100)
    #expect(rates.framesPerBatch == 4)
    #expect(rates.load == 0.25)
    // A guest that stands still has no rates.
    #expect(to.rates(since: to).framesPerSecond == 0)
  }

  @Test func aSilentCoreIsReportedOnceAndItsReturnToo() {
    var watch = SilenceWatch(limit: 0.75)
    var findings: [SilenceWatch.Finding] = []
    for tenth in 0..<40 {
      let beat = (10..<25).contains(tenth) ? 10 : UInt64(tenth)
      findings.append(watch.look([UInt64(tenth), beat], now: Double(tenth) / 10))
    }
    #expect(findings.firstIndex(of: .silent(1)) == 18)
    #expect(findings.firstIndex(of: .answersAgain) == 25)
    #expect(findings.filter { $0 != .nothing }.count == 2)
  }
}
