import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// SplitMix64 (Steele, Lea, Flood 2014): the same run for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// What happens to segments on their way.
struct WireConditions: Sendable, CustomTestStringConvertible {
  /// How much later than others a reordered segment comes, at most.
  static var longestDetour: Interval { .microseconds(300) }

  var name: String
  var loss = 0.0
  var duplication = 0.0
  var reordering = 0.0
  /// Damaged segments: the checksum finds them, so that they never get here.
  var corruption = 0.0
  var delay = Interval.microseconds(50)
  /// Bits per second each way, and the bytes that wait before any more are dropped.
  var rate: UInt64?
  var queueByteCount = 256 << 10
  /// Waiting bytes from which on ECN-capable segments are marked.
  var markingByteCount: Int?
  /// The device finishes frames late, as real ones do.
  var isDeviceSlow = true
  var testDescription: String { name }
}

/// Two hosts on a virtual clock, with a wire between them that loses, repeats and reorders.
final class SimulatedWire {
  let hosts: [Host]
  var conditions: WireConditions
  var random: SeededGenerator
  private var inFlight: [(at: Instant, order: Int, to: Int, segment: TestSegment)] = []
  private var order = 0
  /// When each host's wire is free again, for a wire with a rate.
  private var freeAt: [Instant]
  private(set) var now: Instant
  private(set) var carriedCount = 0
  /// The most bytes that ever waited.
  private(set) var longestQueue = 0

  init(_ a: Host, _ b: Host, _ conditions: WireConditions, seed: UInt64) {
    hosts = [a, b]
    self.conditions = conditions
    random = SeededGenerator(state: seed)
    now = a.now
    freeAt = [a.now, a.now]
  }

  /// When the wire has taken the segment, behind those that wait, which may mark it; nil when the
  /// queue is full.
  private func departure(of segment: inout TestSegment, to host: Int) -> Instant? {
    guard let rate = conditions.rate else { return now }
    // Ethernet, IPv4 and TCP with timestamps, and what Ethernet adds on the wire.
    let bits = UInt64(segment.payload.count + 90) * 8
    let start = max(now, freeAt[host])
    let waiting = Int(start.since(now).nanoseconds * rate / 8_000_000_000)
    guard waiting < conditions.queueByteCount else { return nil }
    longestQueue = max(longestQueue, waiting)
    if let limit = conditions.markingByteCount, waiting >= limit, segment.isECNCapable {
      segment.isMarked = true
    }
    freeAt[host] = start + Interval(nanoseconds: bits * 1_000_000_000 / rate)
    return freeAt[host]
  }

  private func carry(_ sent: TestSegment, to host: Int) {
    carriedCount += 1
    var segment = sent
    guard let departure = departure(of: &segment, to: host) else { return }
    if Double.random(in: 0..<1, using: &random) < conditions.loss + conditions.corruption { return }
    let copies = Double.random(in: 0..<1, using: &random) < conditions.duplication ? 2 : 1
    for _ in 0..<copies {
      var delay = conditions.delay
      if Double.random(in: 0..<1, using: &random) < conditions.reordering {
        let longest = WireConditions.longestDetour.microseconds
        delay = delay + .microseconds(UInt64.random(in: 1...longest, using: &random))
      }
      order += 1
      insert((departure + delay, order, host, segment))
    }
  }

  /// Keeps what is in flight in the order of arrival; nearly everything comes last.
  private func insert(_ flight: (at: Instant, order: Int, to: Int, segment: TestSegment)) {
    var place = inFlight.count
    while place > 0, inFlight[place - 1].at > flight.at { place -= 1 }
    inFlight.insert(flight, at: place)
  }

  /// Where the clock goes next: 10 us on, or to the next arrival or deadline when nothing else can
  /// happen.
  private var nextInstant: Instant {
    let soon = now + .microseconds(10)
    guard
      hosts.allSatisfy({
        !$0.endpoint.hasOutput && !$0.endpoint.hasEvents && $0.device.queued.isEmpty
      })
    else { return soon }
    var next = hosts.compactMap { $0.endpoint.nextDeadline }.min()
    if let arrival = inFlight.first?.at { next = min(next ?? arrival, arrival) }
    return max(soon, next ?? soon)
  }

  /// One step of 10 us: segments arrive, timers run, the applications act, segments leave.
  func step(_ application: (Int, Host, [Event]) -> Void) {
    now = nextInstant
    let arriving = Array(inFlight.prefix { $0.at <= now })
    inFlight.removeFirst(arriving.count)
    for index in 0..<2 {
      let host = hosts[index]
      host.now = now
      host.endpoint.expire(now: now, pool: &host.pool, budget: 64)
      for arrival in arriving where arrival.to == index { host.receive(arrival.segment) }
      application(index, host, host.events())
      host.queueOutput()
      // The device is a little behind, as real ones are.
      let frames = host.device.finish(
        conditions.isDeviceSlow ? Int.random(in: 0...16, using: &random) : .max)
      for segment in frames { carry(segment, to: 1 - index) }
    }
  }

  var isQuiet: Bool {
    inFlight.isEmpty && hosts.allSatisfy { $0.device.queued.isEmpty }
  }
}
