/// A read-only, in-place view of a UDP header (RFC 768).
package struct UDPHeader: ~Escapable {
  package static var byteCount: Int { 8 }
  /// Where the checksum field is, in bytes from the start of the header.
  package static var checksumOffset: Int { 6 }

  private let bytes: RawSpan
  private let offset: Int

  /// The datagram lies in the `byteCount` bytes from `offset`; what follows its length is padding.
  ///
  /// Throws `.truncated` when it does not end there, `.malformed` for a length that does not
  /// cover the header.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0, byteCount: Int) throws(WireError) {
    guard offset >= 0, byteCount >= Self.byteCount, byteCount <= bytes.byteCount &- offset else {
      throw .truncated
    }
    self.bytes = bytes
    self.offset = offset
    guard length >= Self.byteCount else { throw .malformed }
    guard length <= byteCount else { throw .truncated }
  }

  @inline(__always)
  package var sourcePort: UInt16 { bytes.bigEndian(at: offset) }
  @inline(__always)
  package var destinationPort: UInt16 { bytes.bigEndian(at: offset &+ 2) }
  /// Header and payload, in bytes.
  @inline(__always)
  package var length: Int { Int(bytes.bigEndian(at: offset &+ 4) as UInt16) }
  /// Zero when the sender did not compute one.
  @inline(__always)
  package var checksum: UInt16 { bytes.bigEndian(at: offset &+ 6) }
}

/// The fields of a UDP header to be sent.
package struct UDPHeaderFields: BitwiseCopyable {
  package var sourcePort: UInt16
  package var destinationPort: UInt16
  package var payloadByteCount: Int
  /// As it goes onto the wire; a computed zero is sent as `0xFFFF` (RFC 768).
  package var checksum: UInt16 = 0

  @inline(__always)
  package init(sourcePort: UInt16, destinationPort: UInt16, payloadByteCount: Int) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.payloadByteCount = payloadByteCount
  }

  /// Header and payload, as the length field has it.
  @inline(__always)
  package var length: UInt16 {
    UInt16(truncatingIfNeeded: UDPHeader.byteCount &+ payloadByteCount)
  }

  /// Fills `UDPHeader.byteCount` bytes from `offset`.
  @inline(__always)
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    bytes.storeBigEndian(sourcePort, at: offset)
    bytes.storeBigEndian(destinationPort, at: offset &+ 2)
    bytes.storeBigEndian(length, at: offset &+ 4)
    bytes.storeBigEndian(checksum, at: offset &+ 6)
  }
}
