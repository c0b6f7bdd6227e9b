import Packets
import Wire

/// What is derived from the endpoint's secret: initial sequence numbers (RFC 6528), ephemeral ports
/// (RFC 6056, algorithm 3), timestamp offsets and the connection table's key.
struct InitialSequenceNumber: BitwiseCopyable {
  private let function: SipHash

  init(secret: (UInt64, UInt64)) { function = SipHash(key: secret) }

  /// Keeps the uses of the one secret apart.
  private enum Purpose: UInt64 {
    case sequence = 1
    case port = 2
    case timestamp = 3
    case table = 4
    case challenge = 5
    case cookieProof = 6
    case cookieMask = 7
    case source = 8
  }

  /// ISN = M + F(localip, localport, remoteip, remoteport, secretkey), M advancing every 4 us
  /// (RFC 6528, section 3).
  func sequence(for flow: Flow, now: Instant) -> SequenceNumber {
    let clock = UInt32(truncatingIfNeeded: now.nanoseconds / 4_000)
    return SequenceNumber(clock &+ UInt32(truncatingIfNeeded: hash(flow, .sequence)))
  }

  /// Where the search for an ephemeral port starts; the flow's local port is zero.
  func portOffset(for flow: Flow) -> UInt32 { UInt32(truncatingIfNeeded: hash(flow, .port)) }

  /// Added to the timestamp clock of a flow (RFC 7323, section 7.1).
  func timestampOffset(for flow: Flow) -> UInt32 {
    UInt32(truncatingIfNeeded: hash(flow, .timestamp))
  }

  /// Challenge ACKs that a connection may send in the second that starts at `second`: not
  /// predictable (RFC 5961, section 10, and what CVE-2016-5696 taught).
  func challengeLimit(for flow: Flow, second: UInt32) -> UInt8 {
    let word = function.hash(UInt64(second), flow.addresses, Purpose.challenge.rawValue)
    return 5 &+ UInt8(truncatingIfNeeded: word & 7)
  }

  /// The timestamp clock of a flow at `now`.
  func timestampClock(for flow: Flow, now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000) &+ timestampOffset(for: flow)
  }

  /// What only we can know about a SYN cookie.
  func cookieProof(
    for flow: Flow, initial: SequenceNumber, content: UInt32, clock: UInt32
  ) -> UInt32 {
    let numbers = UInt64(flow.ports) &<< 32 | UInt64(initial.rawValue)
    let purpose =
      Purpose.cookieProof.rawValue | UInt64(clock) &<< 8 | UInt64(content & 7) &<< 40
    return UInt32(truncatingIfNeeded: function.hash(flow.addresses, numbers, purpose))
  }

  /// Hides what is written in a SYN cookie.
  func cookieMask(for flow: Flow, initial: SequenceNumber) -> UInt32 {
    let numbers = UInt64(flow.ports) &<< 32 | UInt64(initial.rawValue)
    return UInt32(
      truncatingIfNeeded: function.hash(flow.addresses, numbers, Purpose.cookieMask.rawValue))
  }

  /// Stands for the peer's address where peers are counted.
  func sourceKey(of flow: Flow) -> UInt32 {
    UInt32(
      truncatingIfNeeded: function.hash(
        UInt64(flow.remoteAddress.rawValue), 0, Purpose.source.rawValue))
  }

  /// Two words that only the connection table uses.
  var tableKey: (UInt64, UInt64) {
    (function.hash(0, 0, Purpose.table.rawValue), function.hash(1, 0, Purpose.table.rawValue))
  }

  private func hash(_ flow: Flow, _ purpose: Purpose) -> UInt64 {
    function.hash(flow.addresses, UInt64(flow.ports), purpose.rawValue)
  }
}
