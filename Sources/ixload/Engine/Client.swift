/// One connection of an engine.
struct Client<Exchange> {
  enum State {
    case connecting, idle, busy
    /// FIN is sent; the peer's is awaited.
    case closing
  }

  var socket: Socket
  var state = State.connecting
  var exchange: Exchange?
  var request: [UInt8] = []
  /// Bytes of `request` that the system has taken.
  var sent = 0
  /// When the exchange was due.
  var dueAt: UInt64 = 0
  var exchangesLeft: Int
  var isWriteArmed = true
}
