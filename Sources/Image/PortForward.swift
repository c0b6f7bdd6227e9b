/// A TCP port of the host's loopback address that leads to a port of the guest: `7007:7`.
package struct PortForward: Sendable, Hashable, Codable, CustomStringConvertible {
  package let hostPort: UInt16
  package let guestPort: UInt16

  /// Nil unless both are decimal numbers 1..65535.
  package init?(_ text: String) {
    let ports = text.split(separator: ":", omittingEmptySubsequences: false)
    guard ports.count == 2, let host = Self.port(ports[0]), let guest = Self.port(ports[1])
    else { return nil }
    hostPort = host
    guestPort = guest
  }

  /// A decimal port number 1..65535.
  package static func port(_ text: some StringProtocol) -> UInt16? {
    guard let port = UInt16(text), port > 0, String(port) == text else { return nil }
    return port
  }

  package var description: String { "\(hostPort):\(guestPort)" }
}
