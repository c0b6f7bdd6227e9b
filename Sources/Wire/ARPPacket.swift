/// A read-only, in-place view of an ARP packet for IPv4 over Ethernet (RFC 826).
package struct ARPPacket: ~Escapable {
  package static var byteCount: Int { 28 }

  private let bytes: RawSpan
  private let offset: Int

  /// The packet begins at `offset` of `bytes`; whatever follows it is padding.
  ///
  /// Throws `.truncated`, `.unsupported` for other hardware or protocols, and `.malformed` for
  /// address lengths that are not theirs.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0) throws(WireError) {
    guard offset >= 0, bytes.byteCount &- offset >= Self.byteCount else { throw .truncated }
    self.bytes = bytes
    self.offset = offset
    let hardware: UInt16 = bytes.bigEndian(at: offset)
    let network: UInt16 = bytes.bigEndian(at: offset &+ 2)
    guard hardware == ARPPacketFields.ethernet, network == EtherType.ipv4.rawValue else {
      throw .unsupported
    }
    guard bytes.bigEndian(at: offset &+ 4) == ARPPacketFields.addressByteCounts else {
      throw .malformed
    }
  }

  /// All fields, with an operation this stack does not know left as it is.
  @inline(__always)
  package var fields: ARPPacketFields {
    ARPPacketFields(
      operation: ARPOperation(bytes.bigEndian(at: offset &+ 6)),
      senderHardware: bytes.macAddress(at: offset &+ 8),
      senderAddress: bytes.ipv4Address(at: offset &+ 14),
      targetHardware: bytes.macAddress(at: offset &+ 18),
      targetAddress: bytes.ipv4Address(at: offset &+ 24))
  }
}

/// `ar$op` of RFC 826.
package struct ARPOperation: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt16

  @inline(__always)
  package init(_ rawValue: UInt16) { self.rawValue = rawValue }

  package static var request: Self { Self(1) }
  package static var reply: Self { Self(2) }
}

/// The fields of an ARP packet.
package struct ARPPacketFields: Equatable, BitwiseCopyable, Sendable {
  /// `ar$hrd` of Ethernet.
  fileprivate static var ethernet: UInt16 { 1 }
  /// `ar$hln` and `ar$pln`: 6 and 4.
  fileprivate static var addressByteCounts: UInt16 { 0x0604 }

  package var operation: ARPOperation
  package var senderHardware: MACAddress
  package var senderAddress: IPv4Address
  package var targetHardware: MACAddress
  package var targetAddress: IPv4Address

  @inline(__always)
  package init(
    operation: ARPOperation, senderHardware: MACAddress, senderAddress: IPv4Address,
    targetHardware: MACAddress, targetAddress: IPv4Address
  ) {
    self.operation = operation
    self.senderHardware = senderHardware
    self.senderAddress = senderAddress
    self.targetHardware = targetHardware
    self.targetAddress = targetAddress
  }

  /// Fills `ARPPacket.byteCount` bytes from `offset`.
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    bytes.storeBigEndian(Self.ethernet, at: offset)
    bytes.storeBigEndian(EtherType.ipv4.rawValue, at: offset &+ 2)
    bytes.storeBigEndian(Self.addressByteCounts, at: offset &+ 4)
    bytes.storeBigEndian(operation.rawValue, at: offset &+ 6)
    bytes.store(senderHardware, at: offset &+ 8)
    bytes.store(senderAddress, at: offset &+ 14)
    bytes.store(targetHardware, at: offset &+ 18)
    bytes.store(targetAddress, at: offset &+ 24)
  }
}
