import Wire

/// The addresses of the one interface a dataplane has, and with them its routing table.
package struct InterfaceConfiguration: BitwiseCopyable, Sendable {
  package let address: IPv4Address
  /// Bits of the address that name the subnet, 0..32.
  package let prefixLength: Int
  /// Where packets go whose destination is not on the subnet; nil when they go nowhere.
  package let gateway: IPv4Address?
  /// Longest IPv4 packet on the link, in bytes.
  package let maximumTransmissionUnit: Int
  /// Sets of eight neighbours that are remembered, a power of two.
  package var neighbourSetCount = 128
  private let networkMask: UInt32
  /// The subnet's own broadcast address (RFC 922); a link with two addresses or one has none
  /// (RFC 3021), which is written as the limited one.
  private let subnetBroadcast: IPv4Address

  package init(
    address: IPv4Address, prefixLength: Int, gateway: IPv4Address? = nil,
    maximumTransmissionUnit: Int = 1500
  ) {
    precondition((0...32).contains(prefixLength), "an IPv4 prefix has 0 to 32 bits")
    precondition((576...9000).contains(maximumTransmissionUnit), "no link has such an MTU")
    self.address = address
    self.prefixLength = prefixLength
    self.gateway = gateway
    self.maximumTransmissionUnit = maximumTransmissionUnit
    networkMask = prefixLength == 0 ? 0 : .max &<< UInt32(32 - prefixLength)
    subnetBroadcast =
      prefixLength < 31 ? IPv4Address(address.rawValue | ~networkMask) : .broadcast
  }

  /// Without one (0.0.0.0), nothing is for us, and nothing can be sent.
  @inline(__always)
  package var hasAddress: Bool { address != .any }

  /// The destination is a neighbour on the link.
  @inline(__always)
  package func isOnLink(_ other: IPv4Address) -> Bool {
    (other.rawValue ^ address.rawValue) & networkMask == 0
  }

  /// The limited broadcast address or the subnet's own.
  @inline(__always)
  package func isBroadcast(_ other: IPv4Address) -> Bool {
    other == .broadcast || other == subnetBroadcast
  }

  /// `other` can be the source of a packet: one host's address, and not ours
  /// (RFC 1122, section 3.2.1.3; the last is the "LAND" attack).
  @inline(__always)
  package func isPlausibleSource(_ other: IPv4Address) -> Bool {
    !(other.isMulticast || other.isReserved || other.isLoopback || other.isThisNetwork
      || other == address || isBroadcast(other))
  }

  /// The neighbour to which a packet for `destination` is handed; nil when there is none.
  /// Broadcast and multicast are not sent.
  @inline(__always)
  package func nextHop(to destination: IPv4Address) -> IPv4Address? {
    guard hasAddress, isPlausibleSource(destination) else { return nil }
    return isOnLink(destination) ? destination : gateway
  }
}
