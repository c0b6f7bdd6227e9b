/// What follows an Ethernet header (IANA, "IEEE 802 Numbers").
package struct EtherType: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt16

  @inline(__always)
  package init(_ rawValue: UInt16) { self.rawValue = rawValue }

  package static var ipv4: Self { Self(0x0800) }
  package static var arp: Self { Self(0x0806) }
  /// An 802.1Q tag comes first.
  package static var vlan: Self { Self(0x8100) }
  package static var ipv6: Self { Self(0x86DD) }
}

/// A read-only, in-place view of an Ethernet II header (IEEE 802.3, clause 3.2.6, type
/// interpretation).
package struct EthernetHeader: ~Escapable {
  package static var byteCount: Int { 14 }

  private let bytes: RawSpan
  private let offset: Int

  /// The header begins at `offset` of `bytes`. Throws `.truncated`.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0) throws(WireError) {
    guard offset >= 0, bytes.byteCount &- offset >= Self.byteCount else { throw .truncated }
    self.bytes = bytes
    self.offset = offset
  }

  @inline(__always)
  package var destination: MACAddress { bytes.macAddress(at: offset) }
  @inline(__always)
  package var source: MACAddress { bytes.macAddress(at: offset &+ 6) }
  @inline(__always)
  package var type: EtherType { EtherType(bytes.bigEndian(at: offset &+ 12)) }
}

/// The fields of an Ethernet II header to be sent.
package struct EthernetHeaderFields: BitwiseCopyable {
  package var destination: MACAddress
  package var source: MACAddress
  package var type: EtherType

  @inline(__always)
  package init(destination: MACAddress, source: MACAddress, type: EtherType) {
    self.destination = destination
    self.source = source
    self.type = type
  }

  /// Fills the first `EthernetHeader.byteCount` bytes.
  @inline(__always)
  package func emit(into bytes: inout MutableRawSpan) {
    bytes.store(destination, at: 0)
    bytes.store(source, at: 6)
    bytes.storeBigEndian(type.rawValue, at: 12)
  }
}
