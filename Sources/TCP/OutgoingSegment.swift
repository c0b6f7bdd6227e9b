import Wire

/// A segment to be sent: everything but the payload's bytes.
package struct OutgoingSegment: BitwiseCopyable, Sendable {
  package var localAddress: IPv4Address
  package var remoteAddress: IPv4Address
  /// The TCP header; its checksum is the network layer's or the device's business.
  package var header: TCPHeaderFields
  /// Payload bytes of each segment the device cuts this one into; 0 when it is sent as it is.
  package var segmentByteCount = 0
  /// The packet is to be sent with the ECT(0) codepoint (RFC 3168, section 5).
  package var isECNCapable = false

  /// Ports are those of `flow`.
  @inline(__always)
  package init(
    flow: Flow, sequence: SequenceNumber, acknowledgment: SequenceNumber, flags: TCPFlags,
    window: UInt16
  ) {
    localAddress = flow.localAddress
    remoteAddress = flow.remoteAddress
    header = TCPHeaderFields(
      sourcePort: flow.localPort, destinationPort: flow.remotePort, sequence: sequence.rawValue,
      acknowledgment: acknowledgment.rawValue, flags: flags, window: window)
  }
}
