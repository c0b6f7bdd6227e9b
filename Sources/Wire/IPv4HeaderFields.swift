/// The fields of an IPv4 header without options, to be sent.
package struct IPv4HeaderFields: BitwiseCopyable {
  package var source: IPv4Address
  package var destination: IPv4Address
  package var protocolNumber: IPv4Protocol
  package var payloadByteCount: Int
  /// RFC 3168 codepoint, 0..3.
  package var congestionCodepoint: UInt8 = 0
  /// RFC 1122, section 3.2.1.7, wants it configurable; 64 is the default of RFC 1700.
  package var timeToLive: UInt8 = 64

  @inline(__always)
  package init(
    source: IPv4Address, destination: IPv4Address, protocolNumber: IPv4Protocol,
    payloadByteCount: Int
  ) {
    self.source = source
    self.destination = destination
    self.protocolNumber = protocolNumber
    self.payloadByteCount = payloadByteCount
  }

  /// Fills `IPv4Header.byteCount` bytes from `offset`, with a right checksum.
  ///
  /// DF is always set, so the identification may be constant (RFC 6864, section 4.1).
  @inline(__always)
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    let totalLength = UInt16(truncatingIfNeeded: IPv4Header.byteCount &+ payloadByteCount)
    let first = UInt32(0x4500 | UInt16(congestionCodepoint & 3)) &<< 16 | UInt32(totalLength)
    let second: UInt32 = 0x0000_4000  // identification 0; DF
    let third = UInt32(timeToLive) &<< 24 | UInt32(protocolNumber.rawValue) &<< 16
    var checksum = Checksum()
    checksum.add(first)
    checksum.add(second)
    checksum.add(third)
    checksum.add(source.rawValue)
    checksum.add(destination.rawValue)
    bytes.storeBigEndian(first, at: offset)
    bytes.storeBigEndian(second, at: offset &+ 4)
    bytes.storeBigEndian(third | UInt32(checksum.complement), at: offset &+ 8)
    bytes.store(source, at: offset &+ 12)
    bytes.store(destination, at: offset &+ 16)
  }
}
