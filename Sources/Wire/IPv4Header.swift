/// What an IPv4 packet carries (IANA, "Protocol Numbers").
package struct IPv4Protocol: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt8

  @inline(__always)
  package init(_ rawValue: UInt8) { self.rawValue = rawValue }

  package static var icmp: Self { Self(1) }
  package static var tcp: Self { Self(6) }
  package static var udp: Self { Self(17) }
}

/// A read-only, in-place view of an IPv4 header (RFC 791, section 3.1).
package struct IPv4Header: ~Escapable {
  /// Without options.
  package static var byteCount: Int { 20 }

  private let bytes: RawSpan
  private let offset: Int

  /// The packet begins at `offset` of `bytes`; whatever follows its total length is padding.
  ///
  /// Throws `.truncated` when header or packet extend past `bytes`, `.unsupported` for another
  /// version, `.malformed` for lengths that contradict each other, and `.checksum`.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0) throws(WireError) {
    let available = bytes.byteCount &- offset
    guard offset >= 0, available >= Self.byteCount else { throw .truncated }
    self.bytes = bytes
    self.offset = offset
    guard bytes.octet(at: offset) &>> 4 == 4 else { throw .unsupported }
    guard headerByteCount >= Self.byteCount, totalLength >= headerByteCount else {
      throw .malformed
    }
    guard totalLength <= available else { throw .truncated }
    guard hasRightChecksum else { throw .checksum }
  }

  @inline(__always)
  private var hasRightChecksum: Bool {
    guard headerByteCount == Self.byteCount else {
      return Checksum.of(bytes, from: offset, byteCount: headerByteCount) == 0
    }
    // Nearly every header: five words, summed in registers without a call.
    var checksum = Checksum()
    checksum.add(bytes.bigEndian(at: offset) as UInt32)
    checksum.add(bytes.bigEndian(at: offset &+ 4) as UInt32)
    checksum.add(bytes.bigEndian(at: offset &+ 8) as UInt32)
    checksum.add(bytes.bigEndian(at: offset &+ 12) as UInt32)
    checksum.add(bytes.bigEndian(at: offset &+ 16) as UInt32)
    return checksum.complement == 0
  }

  /// IHL, in bytes.
  @inline(__always)
  package var headerByteCount: Int { Int(bytes.octet(at: offset) & 0xF) &* 4 }
  /// Header and payload, in bytes.
  @inline(__always)
  package var totalLength: Int { Int(bytes.bigEndian(at: offset &+ 2) as UInt16) }
  /// The two low bits of what was the type of service (RFC 3168, section 5).
  @inline(__always)
  package var congestionCodepoint: UInt8 { bytes.octet(at: offset &+ 1) & 3 }
  @inline(__always)
  package var identification: UInt16 { bytes.bigEndian(at: offset &+ 4) }
  @inline(__always)
  package var timeToLive: UInt8 { bytes.octet(at: offset &+ 8) }
  @inline(__always)
  package var protocolNumber: IPv4Protocol { IPv4Protocol(bytes.octet(at: offset &+ 9)) }
  @inline(__always)
  package var source: IPv4Address { bytes.ipv4Address(at: offset &+ 12) }
  @inline(__always)
  package var destination: IPv4Address { bytes.ipv4Address(at: offset &+ 16) }

  /// The packet is a part of a larger one: MF is set or the fragment offset is not zero.
  @inline(__always)
  package var isFragment: Bool { fragmentField & 0x3FFF != 0 }
  /// MF: other fragments follow.
  @inline(__always)
  package var hasMoreFragments: Bool { fragmentField & 0x2000 != 0 }
  /// Where the payload belongs in the whole packet's, in bytes.
  @inline(__always)
  package var fragmentOffset: Int { Int(fragmentField & 0x1FFF) &* 8 }
  @inline(__always)
  private var fragmentField: UInt16 { bytes.bigEndian(at: offset &+ 6) }

  /// One octet of the header, `index` bytes from its start; inside `headerByteCount`.
  @inline(__always)
  func optionOctet(at index: Int) -> UInt8 { bytes.octet(at: offset &+ index) }

  /// In bytes from the start of the span.
  @inline(__always)
  package var payloadOffset: Int { offset &+ headerByteCount }
  @inline(__always)
  package var payloadByteCount: Int { totalLength &- headerByteCount }
}
