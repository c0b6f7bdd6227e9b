/// An address and the length of its network's prefix: `10.0.2.15/24`.
package struct Interface: Sendable, Hashable, Codable, CustomStringConvertible {
  package let address: IPv4
  package let prefix: Int

  /// Nil unless it is an address a host may have: prefix 1..30, neither the network's own address
  /// nor its broadcast address, not loopback and not multicast.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv4(String(parts[0])),
      let prefix = UInt8(parts[1]), String(prefix) == parts[1], (1...30).contains(prefix)
    else { return nil }
    self.address = address
    self.prefix = Int(prefix)
    let host = address.rawValue & ~mask
    let firstByte = address.rawValue >> 24
    guard host != 0, host != ~mask, firstByte != 0, firstByte != 127, firstByte < 224
    else { return nil }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let interface = Interface(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a host address")
    }
    self = interface
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  private var mask: UInt32 { ~0 << (32 - prefix) }

  /// The network's own address.
  package var network: IPv4 { IPv4(rawValue: address.rawValue & mask) }

  /// Whether `other` can be reached without a gateway and is not this address.
  package func reaches(_ other: IPv4) -> Bool {
    other.rawValue & mask == network.rawValue && other != address
  }

  package var description: String { "\(address)/\(prefix)" }
}
