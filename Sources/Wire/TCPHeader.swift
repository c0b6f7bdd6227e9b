/// A read-only, in-place view of a TCP header and its payload (RFC 9293, section 3.1).
package struct TCPHeader: ~Escapable {
  /// Without options.
  package static var minimumByteCount: Int { 20 }
  /// Where the checksum field is, in bytes from the start of the header.
  package static var checksumOffset: Int { 16 }

  private let bytes: RawSpan
  private let offset: Int
  /// Data offset, in bytes: where the payload starts, counted from the header's first byte.
  package let headerByteCount: Int
  package let payloadByteCount: Int

  /// The segment is the `byteCount` bytes from `offset`. Throws `.truncated` if the header extends
  /// past them and `.malformed` if the data offset lies inside the fixed header.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0, byteCount: Int) throws(WireError) {
    guard offset >= 0, byteCount >= Self.minimumByteCount, byteCount <= bytes.byteCount &- offset
    else { throw .truncated }
    self.bytes = bytes
    self.offset = offset
    headerByteCount = Int(bytes.octet(at: offset &+ 12) &>> 4) &* 4
    payloadByteCount = byteCount &- headerByteCount
    guard headerByteCount >= Self.minimumByteCount else { throw .malformed }
    guard payloadByteCount >= 0 else { throw .truncated }
  }

  @inline(__always)
  package var sourcePort: UInt16 { bytes.bigEndian(at: offset) }
  @inline(__always)
  package var destinationPort: UInt16 { bytes.bigEndian(at: offset &+ 2) }
  @inline(__always)
  package var sequence: UInt32 { bytes.bigEndian(at: offset &+ 4) }
  @inline(__always)
  package var acknowledgment: UInt32 { bytes.bigEndian(at: offset &+ 8) }
  @inline(__always)
  package var flags: TCPFlags { TCPFlags(rawValue: bytes.octet(at: offset &+ 13)) }
  /// As it is in the header, not scaled.
  @inline(__always)
  package var window: UInt16 { bytes.bigEndian(at: offset &+ 14) }
  @inline(__always)
  package var checksum: UInt16 { bytes.bigEndian(at: offset &+ 16) }
  @inline(__always)
  package var urgentPointer: UInt16 { bytes.bigEndian(at: offset &+ 18) }

  /// No options, or only timestamps in the form that RFC 7323, appendix A, recommends: nearly every
  /// segment of an open connection.
  @inline(__always)
  package var hasUsualOptions: Bool {
    headerByteCount == Self.minimumByteCount
      || (headerByteCount == Self.minimumByteCount &+ TCPOptions.usualByteCount
        && bytes.bigEndian(at: offset &+ Self.minimumByteCount) == TCPOptions.usualFirstWord)
  }

  /// The options of a header that `hasUsualOptions`.
  @inline(__always)
  package var usualOptions: TCPOptions {
    var options = TCPOptions()
    guard headerByteCount > Self.minimumByteCount else { return options }
    options.hasTimestamps = true
    options.timestampValue = bytes.bigEndian(at: offset &+ Self.minimumByteCount &+ 4)
    options.timestampEcho = bytes.bigEndian(at: offset &+ Self.minimumByteCount &+ 8)
    return options
  }

  /// The options, parsed; cheap when they are the usual ones.
  @inline(__always)
  package var options: TCPOptions {
    if hasUsualOptions { return usualOptions }
    return TCPOptions(
      parsing: bytes, at: offset &+ Self.minimumByteCount,
      byteCount: headerByteCount &- Self.minimumByteCount)
  }
}

/// The field values of a TCP header to be sent, in host order.
package struct TCPHeaderFields: BitwiseCopyable, Sendable {
  package var sourcePort: UInt16
  package var destinationPort: UInt16
  package var sequence: UInt32
  package var acknowledgment: UInt32
  package var flags: TCPFlags
  /// As it is in the header, already shifted.
  package var window: UInt16
  package var options: TCPOptions

  @inline(__always)
  package init(
    sourcePort: UInt16, destinationPort: UInt16, sequence: UInt32, acknowledgment: UInt32,
    flags: TCPFlags, window: UInt16, options: TCPOptions = TCPOptions()
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.flags = flags
    self.window = window
    self.options = options
  }

  /// Bytes that `emit` writes.
  @inline(__always)
  package var byteCount: Int { TCPHeader.minimumByteCount &+ options.byteCount }

  /// Writes the header, with a checksum of zero, into the `byteCount` bytes from `offset`.
  @inline(__always)
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    bytes.storeBigEndian(sourcePort, at: offset)
    bytes.storeBigEndian(destinationPort, at: offset &+ 2)
    bytes.storeBigEndian(sequence, at: offset &+ 4)
    bytes.storeBigEndian(acknowledgment, at: offset &+ 8)
    bytes.storeBigEndian(UInt8(truncatingIfNeeded: byteCount &<< 2), at: offset &+ 12)
    bytes.storeBigEndian(flags.rawValue, at: offset &+ 13)
    bytes.storeBigEndian(window, at: offset &+ 14)
    bytes.storeBigEndian(0 as UInt32, at: offset &+ 16)
    options.emit(into: &bytes, at: offset &+ TCPHeader.minimumByteCount)
  }
}
