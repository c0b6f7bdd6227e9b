/// What a stack has received and refused since boot.
package struct NetworkCounters: BitwiseCopyable {
  /// By `DropReason.rawValue`.
  package private(set) var drops = InlineArray<64, UInt64>(repeating: 0)

  package var receivedFrames: UInt64 = 0
  package var receivedSegments: UInt64 = 0
  package var receivedDatagrams: UInt64 = 0
  /// Fragments that were kept.
  package var receivedFragments: UInt64 = 0
  /// ICMP errors that quote one of our packets.
  package var receivedErrors: UInt64 = 0
  /// ARP packets that taught us something.
  package var receivedNeighbours: UInt64 = 0

  package init() {}

  /// Frames dropped for `reason`.
  package subscript(_ reason: DropReason) -> UInt64 {
    @inline(__always) get { drops[reason.rawValue] }
    @inline(__always) set { drops[reason.rawValue] = newValue }
  }

  @inline(__always)
  mutating func count(_ reason: DropReason) { drops[reason.rawValue] &+= 1 }

  /// Frames dropped for any reason.
  package var dropped: UInt64 {
    var sum: UInt64 = 0
    for index in 0..<DropReason.count { sum &+= drops[index] }
    return sum
  }
}

/// What a stack has sent, or not, since boot.
package struct OutputCounters: BitwiseCopyable {
  package var segments: UInt64 = 0
  package var datagrams: UInt64 = 0
  package var echoReplies: UInt64 = 0
  /// ICMP errors about received packets.
  package var errors: UInt64 = 0
  /// ICMP errors that were due but not sent, because too many were.
  package var suppressedErrors: UInt64 = 0
  package var arpRequests: UInt64 = 0
  package var suppressedARPRequests: UInt64 = 0
  package var arpReplies: UInt64 = 0
  /// ICMP and ARP packets that found the device's ring full.
  package var deviceFull: UInt64 = 0
  /// Packets for which there was no route, or whose neighbour does not answer.
  package var unreachable: UInt64 = 0

  package init() {}
}
