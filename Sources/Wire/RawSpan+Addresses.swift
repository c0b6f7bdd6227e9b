// Addresses as they appear in headers. As with integers, the caller has checked the length.

extension RawSpan {
  /// The MAC address at `offset`.
  @inline(__always)
  package func macAddress(at offset: Int) -> MACAddress {
    let high: UInt16 = bigEndian(at: offset)
    let low: UInt32 = bigEndian(at: offset &+ 2)
    return MACAddress(UInt64(high) &<< 32 | UInt64(low))
  }

  /// The IPv4 address at `offset`.
  @inline(__always)
  package func ipv4Address(at offset: Int) -> IPv4Address { IPv4Address(bigEndian(at: offset)) }
}

extension MutableRawSpan {
  /// Stores a MAC address at `offset`.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func store(_ address: MACAddress, at offset: Int) {
    storeBigEndian(UInt16(truncatingIfNeeded: address.rawValue &>> 32), at: offset)
    storeBigEndian(UInt32(truncatingIfNeeded: address.rawValue), at: offset &+ 2)
  }

  /// Stores an IPv4 address at `offset`.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func store(_ address: IPv4Address, at offset: Int) {
    storeBigEndian(address.rawValue, at: offset)
  }
}
