import Wire

/// A received segment whose checksum and lengths have been checked: plain values, no bytes.
package struct IncomingSegment: BitwiseCopyable, Sendable {
  package var flow: Flow
  package var sequence: SequenceNumber
  package var acknowledgment: SequenceNumber
  /// As in the header, not scaled.
  package var window: UInt16
  package var flags: TCPFlags
  /// The packet carried the CE codepoint (RFC 3168, section 5).
  package var isCongestionExperienced: Bool
  /// Where the payload starts, in bytes from the start of its buffer.
  package var payloadOffset: UInt16
  package var payloadByteCount: UInt16
  package var options: TCPOptions

  @inline(__always)
  package init(
    flow: Flow, sequence: SequenceNumber, acknowledgment: SequenceNumber, window: UInt16,
    flags: TCPFlags, isCongestionExperienced: Bool = false, payloadOffset: UInt16 = 0,
    payloadByteCount: UInt16 = 0, options: TCPOptions = TCPOptions()
  ) {
    self.flow = flow
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.window = window
    self.flags = flags
    self.isCongestionExperienced = isCongestionExperienced
    self.payloadOffset = payloadOffset
    self.payloadByteCount = payloadByteCount
    self.options = options
  }

  /// The segment that `header` describes, sent by `remoteAddress` to `localAddress`, whose header
  /// starts `headerOffset` bytes into its buffer and holds `options`. The whole segment lies inside
  /// the buffer.
  @inline(__always)
  package init(
    header: borrowing TCPHeader, localAddress: IPv4Address, remoteAddress: IPv4Address,
    headerOffset: Int, isCongestionExperienced: Bool, options: TCPOptions
  ) {
    self.init(
      flow: Flow(
        localAddress: localAddress, remoteAddress: remoteAddress,
        localPort: header.destinationPort, remotePort: header.sourcePort),
      sequence: SequenceNumber(header.sequence),
      acknowledgment: SequenceNumber(header.acknowledgment), window: header.window,
      flags: header.flags, isCongestionExperienced: isCongestionExperienced,
      payloadOffset: UInt16(truncatingIfNeeded: headerOffset &+ header.headerByteCount),
      payloadByteCount: UInt16(truncatingIfNeeded: header.payloadByteCount),
      options: options)
  }

  /// SEG.LEN: payload octets, and one each for SYN and FIN (RFC 9293, section 3.4).
  @inline(__always)
  var sequenceByteCount: UInt32 {
    UInt32(payloadByteCount) &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
  }
}
