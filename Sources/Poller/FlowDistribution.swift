import Wire

/// Which queue pair of a guest a received frame goes to, where the port cannot tell: the Toeplitz
/// hash with the usual key, and an indirection table of 128 entries that takes the pairs in turn.
/// All frames of a flow go to the same pair.
package struct FlowDistribution: Sendable {
  package static var tableEntryCount: UInt32 { 128 }

  private let hash = ToeplitzHash.usual

  package init() {}

  /// 0..<`pairCount`; frames that are not IPv4 or IPv6 go to 0, fragments by their addresses.
  package func pair(of frame: RawSpan, among pairCount: Int) -> Int {
    guard pairCount > 1 else { return 0 }
    return Int((hash(of: frame) % Self.tableEntryCount) % UInt32(pairCount))
  }

  func hash(of frame: RawSpan) -> UInt32 {
    guard let headers = FrameHeaders(of: frame) else { return hashOfAddresses(in: frame) }
    let ports: UInt32 = frame.bigEndian(at: headers.transportOffset)
    guard headers.isIPv6 else {
      return hash.hash(
        from: frame.ipv4Address(at: headers.networkOffset &+ 12),
        to: frame.ipv4Address(at: headers.networkOffset &+ 16),
        sourcePort: UInt16(truncatingIfNeeded: ports &>> 16),
        destinationPort: UInt16(truncatingIfNeeded: ports))
    }
    var result = hash.part(ports, at: 8)
    for index in 0..<8 {
      let word: UInt32 = frame.bigEndian(at: headers.networkOffset &+ 8 &+ 4 &* index)
      result ^= hash.part(word, at: index)
    }
    return result
  }

  /// A packet of another protocol, or a fragment: all fragments of a packet meet.
  private func hashOfAddresses(in frame: RawSpan) -> UInt32 {
    guard frame.byteCount >= EthernetHeader.byteCount,
      EtherType(frame.bigEndian(at: 12)) == .ipv4,
      let header = try? IPv4Header(parsing: frame, at: EthernetHeader.byteCount)
    else { return 0 }
    return hash.hash(from: header.source, to: header.destination)
  }
}
