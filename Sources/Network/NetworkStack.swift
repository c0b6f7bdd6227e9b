import IXABI
import Packets
import TCP
import Wire

/// One core's network stack: frames in, frames out, events for the application. It has no clock,
/// no device and no pool of its own; every entry point is handed them.
///
/// A received packet's way: `receive` -> `InterfaceConfiguration.examine` -> `Endpoint.receive`,
/// and back: `transmit` -> `Endpoint.transmit` -> `IPv4Output.transmit` -> the device.
package struct NetworkStack<Control: CongestionControl & BitwiseCopyable>: ~Copyable {
  package var tcp: Endpoint<Control>
  package internal(set) var output: IPv4Output
  package internal(set) var counters = NetworkCounters()
  /// To the other cores.
  package var links: CoreLinks
  var ports: DatagramPorts
  var reassembler: Reassembler
  /// ICMP errors (RFC 1812, section 4.3.2.8: limit their rate).
  var errorLimit = TokenBucket(burst: 50, interval: .milliseconds(1))
  /// When our address is announced once more.
  var announcementDue = Instant.distantFuture
  /// Defence of our address: once in ten seconds (RFC 5227, section 2.4 (b)).
  var defenceLimit = TokenBucket(burst: 1, interval: .seconds(10))
  /// Flow groups on their way from here, and to here.
  var departure = Departure()
  var arrivals: Arrivals
  var pendingAnswers = PendingAnswers()
  /// Cores, one bit each, that wait for `.flushed`.
  var unansweredFlushes: UInt64 = 0
  /// Cores, one bit each, that wait for `.heard`, and those it is to come from.
  var unansweredListens: UInt64 = 0
  var unheard: UInt64 = 0
  /// Frames that will have been received when what waited at the last `.listen` has been taken.
  var hearingGoal: UInt64 = 0
  /// When all feeders were asked; nil where one could not be.
  var askedAt: Instant?
  /// When this core has made up for standing still.
  var settledAt = Instant(nanoseconds: 0)
  package internal(set) var migrations = MigrationCounters()

  /// The stack of the only core; `bufferCount` is that of the pool it will be used with. Nil when the
  /// arena is too small.
  package init?(
    configuration: InterfaceConfiguration, tcp: consuming Endpoint<Control>, bufferCount: Int,
    arena: inout Arena
  ) {
    guard let links = CoreLinks(aloneIn: &arena) else { return nil }
    self.init(
      configuration: configuration, tcp: tcp, bufferCount: bufferCount, links: links, arena: &arena)
  }

  /// The stack of one of several cores.
  package init?(
    configuration: InterfaceConfiguration, tcp: consuming Endpoint<Control>, bufferCount: Int,
    links: consuming CoreLinks, arena: inout Arena
  ) {
    guard let output = IPv4Output(configuration: configuration, arena: &arena),
      let ports = DatagramPorts(bufferCount: bufferCount, arena: &arena),
      let reassembler = Reassembler(arena: &arena),
      let arrivals = Arrivals(coreCount: links.coreCount, arena: &arena)
    else { return nil }
    self.tcp = tcp
    self.output = output
    self.ports = ports
    self.reassembler = reassembler
    self.links = links
    self.arrivals = arrivals
    self.tcp.heardUntil = Instant(nanoseconds: 0)
  }

  package var configuration: InterfaceConfiguration { output.configuration }

  /// Something waits for the next cycle, not for a timer or a frame.
  @inline(__always)
  package var hasWork: Bool {
    tcp.hasOutput || tcp.hasEvents || isMigrating || owesAnswers
  }

  /// Most TCP timers of one cycle; the others are late by a cycle.
  package static var timerBudget: Int { 256 }

  /// Whether `expire` may have anything to do now.
  @inline(__always)
  package func isBehind(_ now: Instant) -> Bool {
    tcp.isBehind(now) || reassembler.usedCount > 0
  }

  /// Does what time asks for; called when the queue is empty, or never gets so.
  @inline(__always)
  package mutating func expire(now: Instant, pool: inout PacketPool) {
    if tcp.isBehind(now) {
      hearHere(now: now)
      tcp.expire(now: now, pool: &pool, budget: 64)
      if tcp.awaitsHearing { listenToOthers(now: now, pool: &pool) }
    }
    if reassembler.usedCount > 0 {
      reassembler.expire(now: now, pool: &pool, counters: &counters)
    }
  }

  /// Sends whatever is due. The caller rings the doorbell.
  @inline(__always)
  package mutating func transmit<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    output.now = now
    if announcementDue <= now { announceAgain(now: now, device: &device, pool: &pool) }
    if ports.waiting.count > 0 { transmitWaitingDatagrams(device: &device, pool: &pool) }
    if tcp.hasOutput { tcp.transmit(now: now, via: &output, device: &device, pool: &pool) }
    ports.completedTransmissions = device.completedTransmissionCount
  }

  /// Tells the application what happened, as far as there is room.
  @inline(__always)
  package mutating func deliver<Events: ConnectionEvents & DatagramEvents & ~Copyable>(
    into events: inout Events, pool: inout PacketPool
  ) {
    if tcp.hasEvents { tcp.deliver(into: &events, pool: &pool) }
    if ports.hasEvents { deliverDatagrams(into: &events, pool: &pool) }
  }
}
