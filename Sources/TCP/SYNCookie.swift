import Packets
import Wire

// SYN cookies (RFC 4987, section 3.6): when half-open connections have no room, what a SYN said is
// kept in the sequence number and the timestamp of the SYN-ACK, which the peer's ACK repeats.

/// The numbers of a cookie. The sequence number is, from the top, 5 bits of a 64 s clock and 3 bits
/// for the MSS, both masked, and 24 bits of a keyed hash over them, the flow and the peer's
/// sequence number. Who does not see the SYN-ACK has one chance in 2^23 per guess, as long as
/// cookies are in use.
struct SYNCookie: BitwiseCopyable {
  /// Cookies are taken for one to two of these.
  static var period: Interval { .seconds(64) }

  private let secrets: InitialSequenceNumber
  private let flow: Flow
  /// IRS.
  private let initial: SequenceNumber

  init(secrets: InitialSequenceNumber, flow: Flow, initial: SequenceNumber) {
    self.secrets = secrets
    self.flow = flow
    self.initial = initial
  }

  private static func clock(_ now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / period.nanoseconds)
  }

  /// ISS for a peer that announced `maximumSegment`.
  func sequence(maximumSegment: UInt16, now: Instant) -> SequenceNumber {
    sequence(Self.index(of: maximumSegment), clock: Self.clock(now))
  }

  /// The MSS that `sequence` stands for; nil when it is not a cookie of this flow, or an old one.
  func maximumSegment(in sequence: SequenceNumber, now: Instant) -> UInt16? {
    let content = sequence.rawValue &>> 24 ^ mask
    let clock = Self.clock(now)
    let age = (clock &- content &>> 3) & 31
    guard age <= 1, self.sequence(content & 7, clock: clock &- age) == sequence else { return nil }
    return Self.maximumSegment(content & 7)
  }

  private func sequence(_ index: UInt32, clock: UInt32) -> SequenceNumber {
    let content = (clock & 31) &<< 3 | index
    let proof = secrets.cookieProof(for: flow, initial: initial, content: content, clock: clock)
    return SequenceNumber((content ^ mask) &<< 24 | proof & 0xFF_FFFF)
  }

  private var mask: UInt32 { secrets.cookieMask(for: flow, initial: initial) & 0xFF }

  /// The values that are told apart: what links, tunnels and the standards' defaults lead to.
  private static func maximumSegment(_ index: UInt32) -> UInt16 {
    switch index {
    case 0: 216
    case 1: 536
    case 2: 1024
    case 3: 1300
    case 4: 1420
    case 5: 1440
    case 6: 1460
    default: 8960
    }
  }

  /// The largest value that is not above `announced`.
  private static func index(of announced: UInt16) -> UInt32 {
    var index: UInt32 = 7
    while index > 0, maximumSegment(index) > announced { index &-= 1 }
    return index
  }
}

/// What the lowest six bits of a cookie's timestamp say: window scale, SACK and ECN. The peer could lie
/// about them, but only about its own connection.
struct CookieTimestamp: BitwiseCopyable {
  private static var noScale: UInt32 { 15 }

  /// TSval for a SYN with `options`, not later than `clock`, which it replaces.
  static func value(_ options: TCPOptions, usesECN: Bool = false, clock: UInt32) -> UInt32 {
    let scale = options.windowScale.map { UInt32($0) } ?? noScale
    let value = clock & ~63 | (usesECN ? 32 : 0) | (options.isSACKPermitted ? 16 : 0) | scale
    return SequenceNumber(value) > SequenceNumber(clock) ? value &- 64 : value
  }

  /// Adds what `echo` says to the options of the SYN that is made up again; whether it asked for ECN.
  static func read(_ echo: UInt32, into options: inout TCPOptions) -> Bool {
    let scale = echo & 15
    if scale != noScale { options.windowScale = UInt8(truncatingIfNeeded: scale) }
    options.isSACKPermitted = echo & 16 != 0
    return echo & 32 != 0
  }
}
