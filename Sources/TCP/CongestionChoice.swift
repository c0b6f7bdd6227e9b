/// Which algorithm decides how much is in flight, where that is chosen for an endpoint at start-up.
package enum CongestionChoice: UInt8, BitwiseCopyable, Sendable {
  case newReno
  case cubic
  case dctcp
}

/// What an endpoint does about ECN (RFC 3168).
package enum ECNPolicy: UInt8, BitwiseCopyable, Sendable {
  case off
  /// Takes part when the peer asks for it.
  case accepts
  /// Asks for it in its own SYNs, too.
  case requests
}
