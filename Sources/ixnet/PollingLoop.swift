import CDPDK
import Poller

/// Moves frames between a port and a guest until it is told to end.
struct PollingLoop: ~Copyable {
  /// Turns between looks at requests: signals, and whether the guest is still there.
  private static let turnsBetweenLooks = 1_024
  /// A nap doubles from the first to the last while nothing happens, nanoseconds.
  private static let firstNap: UInt64 = 20_000
  private static let lastNap: UInt64 = 1_000_000

  let port: Port
  let guest: GuestPort
  let distribution = FlowDistribution()
  var counters = PollerCounters()

  /// Nanoseconds without a frame after which it takes naps; nil for never.
  private let spin: UInt64?
  private let endsWithGuest: Bool
  private let report: (PollerCounters) -> Void
  private var pairCount = 0
  private var lastFrame: UInt64 = 0
  private var nap = Self.firstNap

  var incoming = FrameBatch()
  var outgoing = FrameBatch()
  /// What is on its way to one queue pair of the guest while a batch is being spread.
  var spread = FrameBatch()

  init(
    port: Port, guest: GuestPort, spin: UInt64?, endsWithGuest: Bool,
    report: @escaping (PollerCounters) -> Void
  ) {
    self.port = port
    self.guest = guest
    self.spin = spin
    self.endsWithGuest = endsWithGuest
    self.report = report
  }

  /// Returns when a signal asks for the end, or the guest has left and that is to be the end.
  mutating func run() {
    while true {
      for _ in 0..<Self.turnsBetweenLooks {
        if turn() {
          lastFrame = ix_nanoseconds()
          nap = Self.firstNap
        } else if rest() {
          break
        }
      }
      let requests = ix_requests_take()
      if requests & UInt32(IX_REQUEST_REPORT) != 0 { report(counters) }
      if requests & UInt32(IX_REQUEST_STOP) != 0 { return }
      if endsWithGuest, guest.hasLeft { return }
    }
  }

  /// Sleeps if nothing has happened for long enough; false if it did not.
  private mutating func rest() -> Bool {
    guard let spin, ix_nanoseconds() - lastFrame >= spin else { return false }
    ix_nap(nap)
    nap = min(2 * nap, Self.lastNap)
    return true
  }

  /// Both directions of every queue once; whether anything moved.
  private mutating func turn() -> Bool {
    guard guest.begin() else {
      pairCount = 0
      return false
    }
    defer { guest.end() }
    let enabled = guest.pairCount
    if enabled != pairCount {
      pairCount = enabled
      guest.suppressDoorbells(ofFirst: enabled)
      if enabled > 0, endsWithGuest { guest.place.remove() }
    }
    guard pairCount > 0 else { return false }
    let before = counters.sentFrames &+ counters.receivedFrames
    for pair in 0..<pairCount { sendFromGuest(pair) }
    for queue in 0..<port.queueCount { receiveFromPort(queue, pairCount: pairCount) }
    return counters.sentFrames &+ counters.receivedFrames != before
  }
}
