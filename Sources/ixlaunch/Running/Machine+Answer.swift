import Image

extension Machine {
  /// The line that tells a person where the application answers on `ports`, and how to try it.
  func answer(ports: [UInt16]) -> String {
    switch network {
    case .none:
      return "\(name) runs without a network"
    case .user(_, _, let forwards):
      guard let first = forwards.first else {
        return
          "\(name) runs, but no port of this host leads to it: add --forward HOSTPORT:GUESTPORT"
      }
      let addresses = forwards.map { "127.0.0.1:\($0.hostPort)" }.joined(separator: ", ")
      return "\(name) answers on \(addresses), try: nc 127.0.0.1 \(first.hostPort)"
    case .tap(_, let interface, _), .vhostUser(_, let interface, _):
      guard let port = ports.first else {
        return "\(name) runs at \(interface.address), try: ping \(interface.address)"
      }
      let addresses = ports.map { "\(interface.address):\($0)" }.joined(separator: ", ")
      return "\(name) answers on \(addresses), try: nc \(interface.address) \(port)"
    }
  }

  /// Whether somebody has to listen in the guest before `answer` is true.
  func waitsForListener(ports: [UInt16]) -> Bool {
    switch network {
    case .none: return false
    case .user(_, _, let forwards): return !forwards.isEmpty
    case .tap, .vhostUser: return !ports.isEmpty
    }
  }
}
