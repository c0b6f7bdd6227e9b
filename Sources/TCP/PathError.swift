import IXABI
import Packets
import Wire

/// What an ICMP error says about the path of a segment of ours (RFC 1122, section 4.2.3.9).
package enum PathError: BitwiseCopyable, Sendable, Equatable {
  /// Protocol or port unreachable, or prohibited: a hard error.
  case refused
  /// Everything else that may pass.
  case unreachable
  /// A packet of `byteCount` bytes was too long for a link that takes `limit`.
  case tooLong(byteCount: UInt16, limit: UInt16)
}

extension Endpoint {
  /// An ICMP error quotes a segment of ours that began at `sequence`.
  package mutating func receive(
    _ error: PathError, about flow: Flow, sequence: SequenceNumber, pool: inout PacketPool
  ) {
    guard let index = table.find(flow, in: connections),
      connections[index].isInFlight(sequence)
    else {
      resources.counters.droppedPathErrors &+= 1
      return
    }
    resources.counters.pathErrors &+= 1
    act(connections[index].receive(error, resources: &resources), on: index, pool: &pool)
  }
}

extension Connection {
  /// SND.UNA =< SEG.SEQ < SND.NXT (RFC 5927, section 4.1): whoever is not on the path can hardly
  /// know such a number.
  fileprivate func isInFlight(_ sequence: SequenceNumber) -> Bool {
    sequence.distance(from: send.unacknowledged) < send.next.distance(from: send.unacknowledged)
  }

  fileprivate mutating func receive(
    _ error: PathError, resources: inout Resources
  ) -> Reaction {
    switch error {
    case .refused:
      // Hard errors end connection attempts only (RFC 5927, section 5.2).
      guard state == .synSent else { return .none }
      return end(.refused)
    case .unreachable: return .none
    case .tooLong(let byteCount, let limit):
      return shorten(byteCount, to: limit, resources: &resources)
    }
  }

  /// RFC 1191, section 6.4, with the checks of RFC 5927, section 7: the link must take less than the
  /// quoted packet, and no link takes less than what every path on an Ethernet-like network does.
  /// The segment size never grows again (a deviation from RFC 1191, section 6.3).
  private mutating func shorten(
    _ byteCount: UInt16, to limit: UInt16, resources: inout Resources
  ) -> Reaction {
    guard limit >= Self.smallestPath, limit < byteCount else {
      resources.counters.droppedPathLimits &+= 1
      return .none
    }
    let overhead: UInt32 = flags.contains(.timestamps) ? 52 : 40
    return limitSegments(to: UInt32(limit) &- overhead, resources: &resources) ? .output : .none
  }

  private static var smallestPath: UInt16 { 552 }

  /// Sends what is in flight again in shorter segments. This is no sign of congestion.
  private mutating func limitSegments(to byteCount: UInt32, resources: inout Resources) -> Bool {
    guard byteCount < send.maximumSegment else { return false }
    send.maximumSegment = byteCount
    resources.counters.pathReductions &+= 1
    guard !scoreboard.isEmpty else { return false }
    scoreboard.markAllLost(segments: &resources.segments)
    flags.insert(.retransmitNow)
    return true
  }

  /// A router may drop long packets without a word. When full-sized segments go unanswered for a
  /// second, shorter ones are tried, and the shortest after four (RFC 8899, section 4.2).
  mutating func suspectBlackHole(now: Instant, resources: inout Resources) {
    let stall = now.since(timers.stalledSince)
    guard retransmission.backoffCount >= 3, stall >= .seconds(1), !scoreboard.isEmpty,
      resources.segments[scoreboard.head].byteCount >= send.maximumSegment
    else { return }
    let overhead: UInt32 = flags.contains(.timestamps) ? 12 : 0
    _ = limitSegments(
      to: (stall < .seconds(4) ? 1_200 : 512) &- overhead, resources: &resources)
  }
}
