import Wire

/// The segment of a usual frame: ACK, perhaps PSH, no other control bit, no options but timestamps in
/// their usual form. Everything about it has been checked that can be without knowing its
/// connection, the checksum included.
package struct UsualSegment: BitwiseCopyable, Sendable {
  let flow: Flow
  let sequence: SequenceNumber
  let acknowledgment: SequenceNumber
  /// As in the header, not scaled.
  let window: UInt16
  let hasTimestamps: Bool
  /// TSval, where there are timestamps.
  let timestampValue: UInt32
  /// Where the payload starts, in bytes from the start of its buffer.
  let payloadOffset: UInt16
  let payloadByteCount: UInt16

  /// The segment of a frame that begins `offset` bytes into its buffer.
  @inline(__always)
  package init(_ frame: UsualFrame, at offset: Int) {
    flow = Flow(receiver: frame)
    sequence = SequenceNumber(frame.sequence)
    acknowledgment = SequenceNumber(frame.acknowledgment)
    window = frame.window
    hasTimestamps = frame.hasTimestamps
    timestampValue = frame.timestampValue
    payloadOffset = UInt16(truncatingIfNeeded: offset &+ frame.headerByteCount)
    payloadByteCount = UInt16(truncatingIfNeeded: frame.payloadByteCount)
  }
}
