import CIXABI
import IXABI
import Network
import Packets
import TCP
import Testing

@testable import Dataplane

/// The host's side of a bench's control block.
private struct Host {
  let core: UnsafeMutablePointer<ControlCore>

  init(_ bench: borrowing ThreadBench) {
    core = bench.controlMemory.bytes.bindMemory(to: ControlCore.self).baseAddress!
  }

  func give(_ operation: ControlOperation, _ argument: UInt64 = 0) {
    give(operation.rawValue, argument)
  }

  func give(_ operation: UInt64, _ argument: UInt64) {
    var command = ControlCommand()
    command.operation = operation
    command.arguments.0 = argument
    let head = core.pointee.command_head
    ix_control_commands(core)[Int(head % UInt64(IX_COMMAND_LIMIT))] = command
    ix_control_store(&core.pointee.command_head, head + 1)
  }

  func result(_ number: Int) -> Int64 { ix_control_results(core)[number % 8] }
  func counter(_ counter: ControlCounter) -> UInt64 { ix_control_counters(core)[counter.rawValue] }
  func gauge(_ gauge: ControlGauge) -> UInt64 { ix_control_gauges(core)[gauge.rawValue] }
}

@Suite struct ControlTests {
  @Test func everyNumberHasAPlace() {
    #expect(ControlGauge.count <= Int(IX_CONTROL_GAUGE_LIMIT))
    #expect(ControlCounter.count <= Int(IX_CONTROL_COUNTER_LIMIT))
    #expect(DropReason.count <= ControlDrop.base)
    #expect(ControlDrop.base + ControlDrop.count <= Int(IX_CONTROL_DROP_LIMIT))
  }

  /// What TCP drops for a reason of its own is seen from outside under that reason.
  @Test func everyReasonOfTCPIsExported() {
    let reasons = Mirror(reflecting: TCPCounters()).children
      .compactMap { $0.label }
      .filter { $0.hasPrefix("dropped") || $0 == "challengesSuppressed" }
    let exported = (0..<ControlDrop.count)
      .compactMap { ControlDrop(rawValue: $0) }
      .filter { "\($0)".hasPrefix("tcp") }
    #expect(exported.count == reasons.count)
  }

  @Test func commandsAreDoneInOrderAndAnswered() {
    var pair = ThreadPair()
    let host = Host(pair.server)
    var core = StoppedCore()
    host.give(.setBatch, 7)
    host.give(.setBatch, 0)
    host.give(.setBatch, 1025)
    host.give(.setSpin, 50)
    host.give(4711, 0)
    host.give(.print)
    host.give(.park)
    pair.server.thread.attend(now: Instant(nanoseconds: 5), on: &core)
    let bad = Status.badArgument.result
    #expect(
      (0..<7).map(host.result)
        == [0, bad, bad, 0, Status.unknownCall.result, 0, bad])
    #expect(host.core.pointee.command_tail == 7)
    #expect(host.gauge(.batchBound) == 7)
    #expect(host.gauge(.spinNanoseconds) == 50_000)
    #expect(core.printCount == 1)
    #expect(core.stopCount == 0)
    host.give(.stop)
    pair.server.thread.attend(now: Instant(nanoseconds: 6), on: &core)
    #expect(core.stopCount == 1)
    #expect(host.core.pointee.state == CoreState.stopped.rawValue)
  }

  /// A host that lies about how many commands there are makes nobody read beyond the array, and
  /// nobody work for ever.
  @Test(arguments: [9 as UInt64, 1 << 40, .max])
  func anImpossibleNumberOfCommandsIsBounded(head: UInt64) {
    var pair = ThreadPair()
    let host = Host(pair.server)
    var core = StoppedCore()
    host.core.pointee.command_head = head
    pair.server.thread.attend(now: Instant(nanoseconds: 5), on: &core)
    #expect(host.core.pointee.command_tail == head)
  }

  @Test func aReaderSeesAWholeUpdateOrNone() {
    var pair = ThreadPair()
    let host = Host(pair.server)
    pair.server.thread.publish(now: Instant(nanoseconds: 77))
    var copy = ControlCore()
    #expect(ix_control_snapshot(host.core, &copy) == 1)
    #expect(copy.heartbeat == 77)
    #expect(copy.sequence == 2)
    host.core.pointee.sequence = 3
    #expect(ix_control_snapshot(host.core, &copy) == 0)
  }

  @Test func whatAnEchoDoesIsCounted() throws {
    var pair = ThreadPair()
    let handles = pair.connect()
    _ = pair.settle()
    let heap = ThreadBench.heap.rawValue
    _ = pair.client.turn(
      [CallDescriptor(.tcpSend, handle: handles.client, address: heap, byteCount: 1000)],
      at: pair.now)
    _ = pair.settle()
    pair.server.thread.publish(now: pair.now)
    let host = Host(pair.server)
    #expect(host.counter(.tcpReceivedBytes) == 1000)
    #expect(host.counter(.tcpPassiveOpens) == 1)
    let frames = pair.server.thread.metrics.frames
    #expect(host.counter(.frames) == frames)
    #expect(host.gauge(.connections) == 1)
    #expect(host.counter(.copiedBytes) == 0)
  }
}

@Suite struct LoadMeterTests {
  private static func at(_ microseconds: UInt64) -> Instant {
    Instant(nanoseconds: microseconds * 1000)
  }

  @Test func busyAndIdleTimeAddUp() {
    var load = LoadMeter(now: Self.at(0))
    load.wasBusy(from: Self.at(0), to: Self.at(10))
    load.wasBusy(from: Self.at(40), to: Self.at(45))
    #expect(load.busy == .microseconds(15))
    #expect(load.idle(until: Self.at(45)) == .microseconds(30))
  }

  @Test(arguments: [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (64, 6), (65, 7), (1024, 10)])
  func batchesAreCountedByPowersOfTwo(count: Int, element: Int) {
    var load = LoadMeter(now: Self.at(0))
    load.received(count, waiting: 0, now: Self.at(1))
    for index in 0..<16 { #expect(load.batches[index] == (index == element ? 1 : 0)) }
  }

  /// A queue that is emptied every 8 us makes nobody wait longer; one that is not, ever longer.
  @Test func theDelayIsTheAgeOfTheOldestFrame() {
    var load = LoadMeter(now: Self.at(0))
    for turn in 1...100 { load.received(64, waiting: 0, now: Self.at(UInt64(turn) * 8)) }
    var report = load.report()
    #expect(report == (64 * 256, 8_000, 64))
    for turn in 101...120 { load.received(64, waiting: 64, now: Self.at(UInt64(turn) * 8)) }
    report = load.report()
    // Smoothed by a half: the oldest waited 84 us on average.
    #expect(report == (96 * 256, 46_000, 128))
    // A queue of one.
    load.foundEmpty(now: Self.at(999))
    for turn in 1...100 { load.received(1, waiting: 0, now: Self.at(999 + UInt64(turn))) }
    _ = load.report()
    load.received(1, waiting: 0, now: Self.at(1_100))
    report = load.report()
    #expect(report.longest == 1)
    #expect(report.depth < 26 * 256)
    let silent = load.report()
    #expect(silent == (0, 0, 0))
  }

  @Test func sleepDoesNotCountAsWaiting() {
    var load = LoadMeter(now: Self.at(0))
    load.foundEmpty(now: Self.at(10))
    load.foundEmpty(now: Self.at(100_000))
    load.received(1, waiting: 0, now: Self.at(100_008))
    #expect(load.report().delay == 8_000)
  }
}
